"""Hole H2 of the protocol: fire times that a write jumps over are on record."""

from datetime import timedelta

import pytest

from carillon.domain.run import RunState
from carillon.domain.schedule import ScheduleState
from tests.unit.services.operator_stack import NOON, Stack


@pytest.fixture
def stack():
    return Stack()


def test_h2_an_edit_records_the_due_and_unclaimed_fire_times_it_jumps_over(stack):
    stack.create("10,20,30 12 * * *")
    stack.clock.set(NOON + timedelta(minutes=25))

    stack.edit("40 12 * * *")

    assert stack.states() == {"12:10:00": "edited", "12:20:00": "edited"}
    assert stack.head().next_fire_at == NOON + timedelta(minutes=40)


def test_h2_an_edit_that_leaves_the_timetable_alone_leaves_due_fire_times_to_the_tick(stack):
    stack.create("10,20,30 12 * * *")
    stack.clock.set(NOON + timedelta(minutes=10, seconds=1))

    head = stack.edit("10,20,30 12 * * *")

    assert head.revision == 2
    assert stack.states() == {"12:10:00": "QUEUED"}


def test_h2_a_pause_keeps_the_next_fire_time_and_leaves_the_due_index(stack):
    stack.create("10 12 * * *")

    head = stack.pause()

    assert (head.next_fire_at, head.due_at) == (NOON + timedelta(minutes=10), None)
    assert head.state is ScheduleState.PAUSED
    assert list(stack.schedules.due_before(0, NOON + timedelta(days=1))) == []


def test_h2_a_resume_records_what_fell_into_the_pause_and_queues_nothing_of_it(stack):
    stack.create("10,20,30 12 * * *")
    stack.pause()
    stack.clock.set(NOON + timedelta(minutes=25))

    head = stack.resume()

    assert stack.states() == {"12:10:00": "paused", "12:20:00": "paused"}
    assert head.next_fire_at == NOON + timedelta(minutes=30)
    assert head.due_at == head.next_fire_at


def test_h2_ninety_jumped_fire_times_get_a_row_each_and_one_more_a_summary(stack):
    for count, rows in ((90, 90), (91, 1)):
        other = Stack()
        other.create("30 * * * *", starts_at="2026-11-22T13:00:00Z")
        other.pause()
        other.clock.set(NOON + timedelta(hours=count, minutes=31))
        other.resume()
        skipped = list(other.database.runs.values())
        assert len(skipped) == rows
        assert {run.state for run in skipped} == {RunState.SKIPPED}
        if rows == 1:
            assert skipped[0].skipped_count == 91


def test_h2_a_delete_records_what_was_due_and_unclaimed(stack):
    stack.create("10 12 * * *")
    stack.clock.set(NOON + timedelta(minutes=10))

    stack.delete()

    assert stack.states() == {"12:10:00": "deleted"}


def test_h2_a_jumped_fire_time_that_has_a_row_already_keeps_it(stack):
    stack.create("10 12 * * *")
    head = stack.head()
    stack.clock.set(NOON + timedelta(minutes=10))
    stack.claim()
    stack.database.heads["etl"] = head

    stack.delete()

    assert [run.events[0].message for run in stack.database.runs.values()] == ["claimed"]
