"""Whether a queued run may start, by the head as it is now."""

from dataclasses import replace
from datetime import timedelta

import pytest

from carillon.domain.head_check import may_start
from carillon.domain.new_run import queued
from carillon.domain.run import Origin
from carillon.domain.run_id import RunId
from carillon.domain.schedule import ScheduleState, TimetableSpec

from .test_plan import NOON, a_schedule


def a_run(origin=Origin.FIRE, fire_at=NOON, generation=1):
    return queued(
        RunId.of_fire_time("etl", fire_at),
        generation,
        origin,
        fire_at=fire_at,
        now=fire_at,
        message="claimed",
    )


def verdict(head, run=None, now=NOON):
    return may_start(head, run or a_run(), now).reason or "go"


def test_a_fire_time_of_an_active_schedule_goes():
    assert verdict(a_schedule()) == "go"


def test_an_ended_schedules_last_run_goes():
    assert verdict(a_schedule(state=ScheduleState.ENDED)) == "go"


@pytest.mark.parametrize("origin", [Origin.FIRE, Origin.MANUAL, Origin.CATCH_UP, Origin.BACKFILL])
def test_nothing_starts_of_a_deleted_schedule(origin):
    run = a_run(origin)
    assert verdict(None, run) == "deleted"
    assert verdict(a_schedule(state=ScheduleState.DELETED), run) == "deleted"
    assert verdict(a_schedule(generation=2), run) == "deleted"


@pytest.mark.parametrize(
    ("origin", "answer"),
    [(Origin.FIRE, "paused"), (Origin.CATCH_UP, "paused"), (Origin.MANUAL, "go")],
)
def test_a_paused_schedule_starts_only_what_was_asked_for_by_hand(origin, answer):
    assert verdict(a_schedule(state=ScheduleState.PAUSED), a_run(origin)) == answer


@pytest.mark.parametrize(
    ("origin", "answer"), [(Origin.FIRE, "paused"), (Origin.CATCH_UP, "go"), (Origin.BACKFILL, "go")]
)
def test_a_fire_time_inside_a_pause_does_not_run_after_the_resume(origin, answer):
    head = a_schedule(active_since=NOON + timedelta(seconds=1))
    assert verdict(head, a_run(origin)) == answer


def test_a_fire_time_that_an_edit_took_away_does_not_run():
    head = replace(a_schedule(), timetable=TimetableSpec("30 * * * *"))
    assert verdict(head) == "edited"
    assert verdict(head, a_run(Origin.BACKFILL)) == "go"


def test_a_start_later_than_the_grace_is_misfired():
    assert verdict(a_schedule(), now=NOON + timedelta(seconds=300)) == "go"
    assert verdict(a_schedule(), now=NOON + timedelta(seconds=301)) == "misfired"


def test_a_head_that_became_unreadable_says_so():
    assert verdict(replace(a_schedule(), timetable=TimetableSpec("61 * * * *"))) == "broken"
