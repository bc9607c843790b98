"""A timetable that follows another schedule instead of the clock."""

import pytest

from carillon.domain.definition_document import definition_document
from carillon.domain.head_changes import create, edit, pause, resume
from carillon.domain.schedule import After, ChainOn, ScheduleState
from tests.unit.definition.documents import MINIMAL, NOW, faults, read

CHAINED = MINIMAL | {"timetable": {"after": {"schedule_id": "upstream", "on": "end"}}}


def test_it_is_read_and_written_back():
    definition = read(CHAINED)
    assert definition.timetable.after == After("upstream", ChainOn.END)
    assert read(definition_document(definition)) == definition


def test_success_is_what_is_followed_unless_said():
    chained = MINIMAL | {"timetable": {"after": {"schedule_id": "upstream"}}}
    assert read(chained).timetable.after.on is ChainOn.SUCCESS


@pytest.mark.parametrize(
    ("timetable", "field", "sentence"),
    [
        (
            {"after": {"schedule_id": "a"}, "expression": "@daily"},
            "timetable.expression",
            "A schedule that runs after another one has no fire times; leave this out.",
        ),
        (
            {"after": {"schedule_id": "a"}, "max_runs": 3},
            "timetable.max_runs",
            "A schedule that runs after another one has no fire times; leave this out.",
        ),
        (
            {"after": {}},
            "timetable.after.schedule_id",
            "Name the schedule to run after, such as nightly-etl.",
        ),
        (
            {"after": {"schedule_id": "a", "on": "sucess"}},
            "timetable.after.on",
            "Use one of success, failure, end; did you mean success?",
        ),
        ({"after": "a"}, "timetable.after", "This must be a JSON object."),
        (
            {"after": {"schedule_id": "a"}, "zone": "Europe/Berln"},
            "timetable.zone",
            "There is no time zone named 'Europe/Berln'; use a name such as Europe/Berlin or UTC.",
        ),
    ],
)
def test_a_chain_that_is_not_well_formed_is_refused(timetable, field, sentence):
    found, code = faults(MINIMAL | {"timetable": timetable})
    assert (found[field], code) == (sentence, "invalid_input")


def test_it_is_active_without_a_fire_time_and_stays_so_through_a_pause():
    head = create(read(CHAINED), "ops", NOW, None).after
    assert (head.state, head.next_fire_at, head.due_at) == (ScheduleState.ACTIVE, None, None)
    paused = pause(head, NOW, "ops").after
    assert paused.state is ScheduleState.PAUSED
    resumed = resume(paused, NOW).after
    assert (resumed.state, resumed.next_fire_at) == (ScheduleState.ACTIVE, None)


def test_an_edit_leads_from_the_clock_to_a_chain_and_back():
    head = create(read(MINIMAL), "ops", NOW, None).after
    chained = edit(head, read(CHAINED), NOW).after
    assert (chained.state, chained.next_fire_at) == (ScheduleState.ACTIVE, None)
    assert edit(chained, read(MINIMAL), NOW).after.next_fire_at == head.next_fire_at
