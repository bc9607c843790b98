"""A look ahead tells what clocks, calendars, jitter, bounds and extra fire times change."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from carillon.domain.calendars import Calendar
from carillon.domain.errors import MissingCalendar
from carillon.domain.explained import MOST_LOOKED_AT, explain_upcoming
from carillon.domain.fire_times import fire_times_between, next_after
from carillon.domain.jitter import jittered
from carillon.domain.schedule import TimetableSpec

FRIDAY = datetime(2026, 3, 27, 12, tzinfo=UTC)
WEEKENDS = {"weekends": Calendar(name="weekends", weekdays=(5, 6), updated_at=FRIDAY)}
NIGHTLY = TimetableSpec("30 2 * * *", "Europe/Berlin")


def told(spec, count=3, moment=FRIDAY):
    return explain_upcoming(spec, WEEKENDS, "etl", moment, count)


def test_clock_changes_are_told_as_in_a_preview_of_the_expression():
    notes = [entry.note for entry in told(NIGHTLY)]
    assert notes[0] == notes[2] == ""
    assert "fires once at the jump" in notes[1]


def test_what_a_calendar_leaves_out_stands_between_the_others_and_is_not_counted():
    entries = told(replace(NIGHTLY, calendars=("weekends",)), 2)
    assert [(f"{entry.local:%a}", entry.skipped) for entry in entries] == [
        ("Sat", True),
        ("Sun", True),
        ("Mon", False),
        ("Tue", False),
    ]
    assert entries[0].note == "excluded by the calendar weekends"
    assert entries[1].note.endswith("; excluded by the calendar weekends")


def test_jitter_is_told_with_the_seconds_that_it_will_take():
    for entry in told(replace(NIGHTLY, jitter_seconds=600)):
        delay = (jittered(entry.at, "etl", 600) - entry.at).total_seconds()
        assert f"starts {delay:g} s later by jitter" in entry.note


def test_extra_fire_times_and_bounds_hold():
    extra, end = FRIDAY + timedelta(hours=1), FRIDAY + timedelta(days=1)
    entries = told(replace(NIGHTLY, also_at=(extra,), ends_at=end))
    assert [entry.at for entry in entries] == [extra, datetime(2026, 3, 28, 1, 30, tzinfo=UTC)]
    assert entries[0].note == "an extra fire time of also_at"


def test_a_calendar_that_leaves_out_nearly_everything_costs_a_bounded_look():
    every_second = TimetableSpec("* * * * * *", calendars=("weekends",))
    entries = told(every_second, 5, datetime(2026, 3, 28, tzinfo=UTC))
    assert {entry.skipped for entry in entries} == {True}
    assert MOST_LOOKED_AT <= len(entries) <= MOST_LOOKED_AT + 5


def test_a_calendar_that_is_not_there_is_an_error():
    with pytest.raises(MissingCalendar):
        told(replace(NIGHTLY, calendars=("moon",)))


@pytest.mark.parametrize("expression", ["*/20 1-3 * * *", "30 1 * * *", "@every 50m", "15,45 2 * * *"])
@pytest.mark.parametrize("fold", ["once", "twice"])
def test_what_is_told_to_run_is_what_fires_across_the_clocks(expression, fold):
    moment = datetime(2026, 10, 23, 12, tzinfo=UTC)
    extra = (moment + timedelta(hours=5), moment + timedelta(days=2))
    spec = TimetableSpec(expression, "Europe/Berlin", fold=fold, anchor=moment, also_at=extra, calendars=())
    entries = told(spec, 40, moment)
    running = [entry.at for entry in entries if not entry.skipped]
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    assert running == list(fire_times_between(spec, next_after(spec, moment), running[-1]))
    assert len(running) == 40
