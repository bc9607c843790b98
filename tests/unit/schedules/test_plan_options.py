"""What bounds, jitter, calendars, skip-next, catch-up and pauses make of a plan."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from carillon.domain.calendars import Calendar
from carillon.domain.jitter import jittered
from carillon.domain.plan import plan
from carillon.domain.plan_claim import after_claim, claim_of, without_existing
from carillon.domain.run import Origin, RunState
from carillon.domain.schedule import CatchUp, Misfire, Policies, ScheduleState

from .test_plan import HORIZON, NOON, a_schedule, minutes

MINUTE = timedelta(minutes=1)
SUNDAYS = {"sundays": Calendar(name="sundays", weekdays=(6,), updated_at=NOON)}


def timed(expression="* * * * *", *, next_fire_at=NOON, catch_up=CatchUp.NONE, most=10, **timetable):
    schedule = a_schedule(expression, next_fire_at=next_fire_at)
    return replace(
        schedule,
        timetable=replace(schedule.timetable, **timetable),
        policies=Policies(misfire=Misfire(300, catch_up, most)),
        fires_left=timetable.get("max_runs"),
    )


def states(claim):
    return [(run.fire_at, run.reason or str(run.state)) for run in claim.runs]


# ---------------------------------------------------------------- max_runs


def test_the_last_run_that_max_runs_allows_ends_the_schedule():
    claim = claim_of(plan(timed(max_runs=2), NOON, HORIZON), NOON)
    assert states(claim) == [(NOON, "QUEUED"), (NOON + MINUTE, "QUEUED")]
    assert (claim.state, claim.fires_left, claim.due_at) == (ScheduleState.ENDED, 0, None)
    assert claim.state_reason == "all runs that max_runs allows have been dispatched"


def test_runs_that_were_made_before_an_edit_are_not_counted_twice():
    claim = claim_of(plan(timed(max_runs=2), NOON, HORIZON), NOON)
    left = without_existing(claim, {claim.runs[0].run_id})
    assert (left.state, left.fires_left, left.due_at) == (ScheduleState.ACTIVE, 1, NOON + 2 * MINUTE)
    assert [run.fire_at for run in left.runs] == [NOON + MINUTE]


def test_only_fire_times_that_run_count():
    schedule = timed(max_runs=5, calendars=("sundays",))
    claim = claim_of(plan(schedule, NOON, HORIZON, SUNDAYS), NOON)
    assert {reason for _, reason in states(claim)} == {"excluded"}
    assert claim.fires_left == 5


def test_a_catch_up_takes_no_more_than_max_runs_leaves():
    schedule = timed(max_runs=2, next_fire_at=NOON - 30 * MINUTE, catch_up=CatchUp.ALL)
    claim = claim_of(plan(schedule, NOON, HORIZON), NOON)
    runs = [run for run in claim.runs if run.state is RunState.QUEUED]
    assert [(run.origin, run.fire_at) for run in runs] == [
        (Origin.CATCH_UP, NOON - 7 * MINUTE),
        (Origin.CATCH_UP, NOON - 6 * MINUTE),
    ]
    assert (claim.state, claim.fires_left) == (ScheduleState.ENDED, 0)


# ---------------------------------------------------------------- jitter


def test_jitter_moves_the_start_and_not_the_identity():
    claim = claim_of(plan(timed(jitter_seconds=60), NOON, HORIZON), NOON)
    assert [run.fire_at for run in claim.runs] == list(minutes(0, 1, 2, 3))
    assert [run.not_before for run in claim.runs] == [jittered(run.fire_at, "etl", 60) for run in claim.runs]
    assert claim.runs[0].run_id.run_key == "20261122T120000Z"
    assert all(run.wake_at == run.not_before + MINUTE for run in claim.runs)


@pytest.mark.parametrize("late", [0, 1])
def test_the_grace_counts_from_the_jittered_start(late):
    schedule = timed("0 * * * *", next_fire_at=NOON, jitter_seconds=3600)
    start = jittered(NOON, "etl", 3600)
    assert start > NOON + 10 * MINUTE
    now = start + timedelta(seconds=300 + late)
    made = plan(schedule, now, now + 3 * MINUTE)
    assert made.missed.count == late
    assert (NOON in made.dispatch) is not bool(late)


def test_with_jitter_nothing_is_missed_that_could_start_and_nothing_dispatched_that_could_not():
    schedule = timed(next_fire_at=NOON - 90 * MINUTE, jitter_seconds=60, catch_up=CatchUp.LATEST)
    claim = claim_of(plan(schedule, NOON, HORIZON), NOON)
    grace = timedelta(seconds=300)
    for run in claim.runs:
        too_late = jittered(run.fire_at, "etl", 60) + grace < NOON
        assert too_late is (run.reason == "misfired" or run.origin is Origin.CATCH_UP)


# ---------------------------------------------------------------- calendars


def test_an_excluded_fire_time_is_a_skipped_row_that_names_the_calendar():
    claim = claim_of(plan(timed(calendars=("sundays",)), NOON, HORIZON, SUNDAYS), NOON)
    assert states(claim) == [(fire_at, "excluded") for fire_at in minutes(0, 1, 2, 3)]
    assert claim.runs[0].events[-1].message == "excluded by the calendar sundays"
    assert claim.next_fire_at == NOON + 4 * MINUTE


def test_a_schedule_whose_calendar_is_missing_breaks_and_says_so():
    made = plan(timed(calendars=("moon",)), NOON, HORIZON, SUNDAYS)
    claim = claim_of(made, NOON)
    assert made.state is ScheduleState.BROKEN
    assert "moon" in made.reason
    assert (claim.runs, claim.next_fire_at, claim.due_at) == ((), NOON, None)


def test_a_changed_calendar_acts_on_the_next_plan_and_touches_no_schedule():
    schedule = timed(calendars=("sundays",))
    changed = {"sundays": replace(SUNDAYS["sundays"], weekdays=(), dates=(date(2026, 12, 24),))}
    assert plan(schedule, NOON, HORIZON, SUNDAYS).dispatch == ()
    assert plan(schedule, NOON, HORIZON, changed).dispatch == minutes(0, 1, 2, 3)


# ---------------------------------------------------------------- also_at


def test_extra_fire_times_stand_in_order_among_the_others():
    extra = NOON + timedelta(seconds=90)
    made = plan(timed("*/2 * * * *", also_at=(extra, NOON + 2 * MINUTE)), NOON, HORIZON)
    assert made.dispatch == (NOON, extra, NOON + 2 * MINUTE)


# ---------------------------------------------------------------- skip-next


def test_the_next_fire_times_are_skipped_as_asked_and_the_rest_run():
    claim = claim_of(plan(replace(timed(), skip_next=2), NOON, HORIZON), NOON)
    assert [reason for _, reason in sorted(states(claim))] == ["skip_next", "skip_next", "QUEUED", "QUEUED"]
    assert claim.skip_next == 0


def test_what_is_left_to_skip_stays_with_the_head():
    claim = claim_of(plan(replace(timed(), skip_next=6), NOON, HORIZON), NOON)
    assert (claim.skip_next, after_claim(claim).skip_next) == (2, 2)


def test_an_excluded_fire_time_is_not_one_of_those_to_skip():
    schedule = replace(timed(calendars=("sundays",)), skip_next=1)
    claim = claim_of(plan(schedule, NOON, HORIZON, SUNDAYS), NOON)
    assert claim.skip_next == 1


def test_a_fire_time_to_be_skipped_is_not_caught_up_on():
    schedule = replace(timed(next_fire_at=NOON - 30 * MINUTE, catch_up=CatchUp.LATEST), skip_next=1)
    claim = claim_of(plan(schedule, NOON, HORIZON), NOON)
    assert dict(states(claim))[NOON - 6 * MINUTE] == "skip_next"
    assert Origin.CATCH_UP not in {run.origin for run in claim.runs}


def test_skips_that_stand_already_are_still_owed():
    claim = claim_of(plan(replace(timed(), skip_next=2), NOON, HORIZON), NOON)
    made = {run.run_id for run in claim.runs if run.reason == "skip_next"}
    assert without_existing(claim, made).skip_next == 2


# ---------------------------------------------------------------- misfire


def test_latest_runs_the_newest_missed_fire_time_and_live_ones_keep_their_second():
    schedule = timed(next_fire_at=NOON - 24 * 60 * MINUTE, catch_up=CatchUp.LATEST)
    claim = claim_of(plan(schedule, NOON, HORIZON), NOON)
    (stretch,) = (run for run in claim.runs if run.skipped_count)
    (caught_up,) = (run for run in claim.runs if run.origin is Origin.CATCH_UP)
    live = [run for run in claim.runs if run.origin is Origin.FIRE and run.state is RunState.QUEUED]
    assert caught_up.fire_at == NOON - 6 * MINUTE
    assert stretch.skipped_count == 24 * 60 - 6
    assert [run.not_before for run in live] == [run.fire_at for run in live] == list(minutes(*range(-5, 4)))


def test_all_runs_as_many_as_its_bound_allows_oldest_first():
    schedule = timed(next_fire_at=NOON - 60 * MINUTE, catch_up=CatchUp.ALL, most=3)
    claim = claim_of(plan(schedule, NOON, HORIZON), NOON)
    caught_up = [run for run in claim.runs if run.origin is Origin.CATCH_UP]
    assert [run.fire_at for run in caught_up] == list(minutes(-8, -7, -6))
    assert sum(run.reason == "misfired" for run in claim.runs) == 52


# ---------------------------------------------------------------- paused until


def paused(until, **changes):
    return replace(timed(**changes), state=ScheduleState.PAUSED, paused_until=until, due_at=until)


def test_a_pause_that_ends_within_the_horizon_is_resumed_with_its_fire_times_on_record():
    until = NOON + timedelta(seconds=90)
    claim = claim_of(plan(paused(until, next_fire_at=NOON - MINUTE), NOON, HORIZON), NOON)
    assert states(claim) == [(fire_at, "paused") for fire_at in minutes(-1, 0, 1)]
    assert (claim.resumed_at, claim.next_fire_at, claim.due_at) == (until, *minutes(2, 2))
    head = after_claim(claim)
    assert (head.state, head.active_since, head.paused_until) == (ScheduleState.ACTIVE, until, None)
    assert plan(head, NOON, HORIZON).dispatch == minutes(2, 3)


def test_a_pause_of_a_year_is_one_row():
    claim = claim_of(plan(paused(NOON, next_fire_at=NOON - timedelta(days=365)), NOON, HORIZON), NOON)
    (row,) = claim.runs
    assert (row.skipped_count, row.reason) == (365 * 1440 + 1, "paused")


def test_a_pause_after_which_nothing_fires_ends_the_schedule():
    claim = claim_of(plan(replace(paused(NOON), next_fire_at=None), NOON, HORIZON), NOON)
    assert (claim.state, claim.runs, claim.due_at) == (ScheduleState.ENDED, (), None)
