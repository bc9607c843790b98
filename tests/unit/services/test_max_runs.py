"""What max_runs counts: a run that an operator takes away before its time leaves its place to another one."""

from datetime import timedelta

import pytest

from carillon.domain.run import RunState
from carillon.domain.schedule import ScheduleState
from tests.unit.services.operator_stack import ADMIN, Stack


@pytest.fixture
def stack():
    return Stack()


def places(stack):
    head = stack.head()
    return head.state, head.fires_left


def test_an_edit_gives_back_the_runs_that_it_takes_away_before_their_time(stack):
    stack.create("@every 10s", max_runs=3)
    assert places(stack) == (ScheduleState.ENDED, 0)

    stack.edit("0 9 * * *", max_runs=3)

    assert places(stack) == (ScheduleState.ACTIVE, 3)
    assert stack.head().next_fire_at == stack.clock.now().replace(hour=9) + timedelta(days=1)


def test_an_edit_back_takes_them_again(stack):
    stack.create("@every 10s", max_runs=5)
    stack.edit("0 9 * * *", max_runs=5)
    stack.edit("@every 10s", max_runs=5, anchor="2026-11-22T12:00:00Z")

    for sent in sorted(stack.queue.sent, key=lambda sent: sent.dispatch.not_before):
        stack.clock.set(sent.dispatch.not_before)
        stack.work(sent)
    ran = [run for run in stack.database.runs.values() if run.state is RunState.SUCCEEDED]
    assert (len(ran), *places(stack)) == (5, ScheduleState.ENDED, 0)


def test_an_edit_that_keeps_a_fire_time_keeps_its_place(stack):
    stack.create("* * * * *", max_runs=3)
    stack.edit("*/2 * * * *", max_runs=3)
    # 12:02 stays and counts; 12:01 and 12:03 are given back, and 12:04 is the next.
    assert places(stack)[0] is ScheduleState.ACTIVE
    assert stack.head().fires_left == 2


def test_a_run_that_may_be_starting_is_not_given_back(stack):
    stack.create("@every 10s", max_runs=2)
    stack.clock.set(stack.clock.now() + timedelta(seconds=7))
    stack.edit("0 9 * * *", max_runs=2)
    assert stack.head().fires_left == 1


def skip_next(stack, count):
    return stack.api.skip_next(ADMIN, "etl", count)


def test_a_skipped_run_leaves_its_place_although_it_was_claimed_already(stack):
    stack.create("@every 60s", max_runs=1)
    assert places(stack) == (ScheduleState.ENDED, 0)

    done = skip_next(stack, 1)

    assert [f"{run.fire_at:%H:%M}" for run in done.runs] == ["12:01"]
    # The next one is claimed at once: it is less than a tick away.
    assert places(stack) == (ScheduleState.ENDED, 0)
    assert stack.states() == {"12:01:00": "skip_next", "12:02:00": "QUEUED"}
    assert done.head.head_version == stack.head().head_version


def test_skipping_without_max_runs_writes_the_head_once(stack):
    stack.create("@every 60s")
    assert skip_next(stack, 2).head.head_version == 2


def test_a_paused_schedule_gets_the_place_back_and_stays_paused(stack):
    stack.create("@every 60s", max_runs=5)
    stack.pause()
    skip_next(stack, 2)
    assert places(stack) == (ScheduleState.PAUSED, 4)


def test_an_edit_meanwhile_has_the_last_word(stack):
    stack.create("@every 60s", max_runs=3)
    end = stack.runs.transition

    def edited(before, after, **options):
        stack.runs.transition = end
        stack.edit("0 9 * * *", max_runs=3)
        return end(before, after, **options)

    stack.runs.transition = edited
    skip_next(stack, 3)
    assert places(stack) == (ScheduleState.ACTIVE, 3)


def test_what_was_claimed_before_anything_was_counted_is_not_given_back(stack):
    stack.create("@every 10s")
    stack.edit("@every 10s", max_runs=5)
    assert stack.head().fires_left == 5
    skip_next(stack, 3)
    assert stack.head().fires_left == 5
    stack.edit("0 9 * * *", max_runs=5)
    assert stack.head().fires_left == 5
