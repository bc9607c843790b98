"""Hole H6 of the protocol: what a deleted schedule leaves to the one that takes its name."""

from datetime import timedelta

import pytest

from carillon.domain.run_id import RunId
from carillon.domain.schedule import ScheduleState
from tests.unit.services.operator_stack import NOON, Stack


@pytest.fixture
def stack():
    return Stack()


def test_h6_a_delete_leaves_a_tombstone_that_knows_how_far_is_claimed(stack):
    stack.create("*/30 * * * * *")

    stack.delete()

    head = stack.head()
    assert (head.state, head.next_fire_at, head.due_at) == (ScheduleState.DELETED, None, None)
    assert head.claimed_until == NOON + timedelta(seconds=180)


def test_h6_a_recreated_schedule_is_the_next_generation_with_the_next_revision(stack):
    stack.create()
    stack.edit("*/2 * * * *")
    stack.delete()

    head = stack.create("*/30 * * * * *")

    assert (head.generation, head.revision) == (2, 3)
    assert stack.schedules.revision("etl", 3).generation == 2


def test_h6_a_recreated_schedule_fires_only_after_what_the_old_one_claimed(stack):
    stack.create("*/30 * * * * *")
    stack.delete()

    head = stack.create("*/10 * * * * *")

    assert head.next_fire_at == NOON + timedelta(seconds=190)
    assert all(run.generation == 1 for run in stack.database.runs.values())


def test_h6_a_schedule_deleted_long_before_its_next_fire_time_delays_its_successor_by_nothing(stack):
    stack.create("0 18 * * *")
    stack.delete()
    stack.clock.advance(1)

    stack.create("*/10 * * * * *")

    assert next(iter(stack.states())) == "12:00:10"


def test_h6_a_run_of_the_old_generation_does_not_start_in_the_new_one(stack):
    stack.create("* * * * *")
    message = stack.queue.sent[0]
    stack.delete()
    stack.create("* * * * *")
    stack.clock.advance(60)

    stack.work(message)

    assert stack.target.calls == []
    assert stack.database.runs[RunId.of_fire_time("etl", NOON + timedelta(seconds=60))].reason == "deleted"
