"""What a tick does with one schedule."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from carillon.domain.claim import MAX_ACTIONS
from carillon.domain.missed import MAX_LISTED
from carillon.domain.plan import plan
from carillon.domain.plan_claim import after_claim, claim_of
from carillon.domain.run import RunState
from carillon.domain.schedule import Misfire, Policies, Schedule, ScheduleState, TimetableSpec

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HORIZON = NOON + timedelta(seconds=180)


def a_schedule(expression="* * * * *", *, next_fire_at=NOON, grace=300, **changes):
    schedule = Schedule(
        schedule_id="etl",
        timetable=TimetableSpec(expression, anchor=NOON - timedelta(days=30)),
        policies=Policies(misfire=Misfire(grace_seconds=grace)),
        next_fire_at=next_fire_at,
        due_at=next_fire_at,
        created_at=NOON - timedelta(days=30),
        updated_at=NOON - timedelta(days=30),
    )
    return replace(schedule, **changes)


def minutes(*values):
    return tuple(NOON + timedelta(minutes=value) for value in values)


def test_fire_times_up_to_and_with_the_horizon_are_dispatched():
    made = plan(a_schedule(), NOON, HORIZON)
    assert made.dispatch == minutes(0, 1, 2, 3)
    assert made.next_fire_at == NOON + timedelta(minutes=4)
    assert made.state is ScheduleState.ACTIVE


def test_a_fire_time_within_its_grace_still_runs():
    made = plan(a_schedule(next_fire_at=NOON - timedelta(minutes=5)), NOON, HORIZON)
    assert made.dispatch[0] == NOON - timedelta(minutes=5)
    assert made.missed.count == 0


def test_a_fire_time_past_its_grace_is_missed_and_says_so():
    schedule = a_schedule(next_fire_at=NOON - timedelta(minutes=6))
    claim = claim_of(plan(schedule, NOON, HORIZON), NOON)
    first = claim.runs[0]
    assert (first.fire_at, first.state, first.reason) == (
        NOON - timedelta(minutes=6),
        RunState.SKIPPED,
        "misfired",
    )
    assert first.events[-1].message == "not claimed within the grace of 300 s"


def test_a_long_missed_stretch_is_one_row_with_its_count():
    schedule = a_schedule(next_fire_at=NOON - timedelta(hours=24))
    claim = claim_of(plan(schedule, NOON, HORIZON), NOON)
    stretch = claim.runs[0]
    assert stretch.skipped_count == 24 * 60 - 5
    assert [run.state for run in claim.runs[1:]] == [RunState.QUEUED] * 9


def test_as_many_as_can_be_listed_get_a_row_each():
    schedule = a_schedule(next_fire_at=NOON - timedelta(minutes=5 + MAX_LISTED))
    claim = claim_of(plan(schedule, NOON, HORIZON), NOON)
    assert sum(run.state is RunState.SKIPPED for run in claim.runs) == MAX_LISTED


def test_a_schedule_of_every_second_is_live_again_with_one_claim_after_three_days():
    schedule = a_schedule("* * * * * *", next_fire_at=NOON - timedelta(days=3))
    made = plan(schedule, NOON, HORIZON)
    (stretch,) = made.missed.stretches
    assert (made.missed.count, stretch.count) == (3 * 86_400 - 300, 3 * 86_400 - 300)
    assert made.dispatch[0] == NOON - timedelta(seconds=300)
    assert len(made.dispatch) == MAX_ACTIONS - 2


@pytest.mark.parametrize("missed", [0, 1, 89, 90, 91, 300])
def test_a_claim_always_fits_one_transaction_and_loses_no_fire_time(missed):
    schedule = a_schedule("* * * * * *", next_fire_at=NOON - timedelta(seconds=missed), grace=0)
    claim = claim_of(plan(schedule, NOON, HORIZON), NOON)
    assert claim.actions <= MAX_ACTIONS
    accounted = sum(run.skipped_count or 1 for run in claim.runs)
    assert schedule.next_fire_at + timedelta(seconds=accounted) == claim.next_fire_at


def test_the_last_fire_time_ends_the_schedule_and_takes_it_from_the_index():
    claim = claim_of(plan(a_schedule("at(2026-11-22T12:00:00)"), NOON, HORIZON), NOON)
    assert (claim.state, claim.next_fire_at, claim.due_at) == (ScheduleState.ENDED, None, None)
    assert [run.fire_at for run in claim.runs] == [NOON]


def test_a_schedule_ends_at_its_end():
    schedule = a_schedule()
    schedule = replace(schedule, timetable=replace(schedule.timetable, ends_at=NOON + timedelta(minutes=1)))
    made = plan(schedule, NOON, HORIZON)
    assert made.dispatch == minutes(0, 1)
    assert made.state is ScheduleState.ENDED


def test_a_broken_timetable_is_a_plan_that_says_why():
    made = plan(a_schedule("61 * * * *"), NOON, HORIZON)
    claim = claim_of(made, NOON)
    assert made.state is ScheduleState.BROKEN
    assert "61" in made.reason
    assert (claim.runs[1:], claim.due_at) == ((), None)


def test_the_head_after_a_claim_is_what_the_claim_wrote():
    claim = claim_of(plan(a_schedule(), NOON, HORIZON), NOON)
    head = after_claim(claim)
    assert (head.next_fire_at, head.due_at) == (claim.next_fire_at, claim.due_at)
    assert head.head_version == claim.schedule.head_version
