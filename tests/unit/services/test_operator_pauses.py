"""Holes H3 to H5 of the protocol: what a pause and an edit do to runs that are queued already."""

from dataclasses import replace
from datetime import timedelta

import pytest

from carillon.domain.lifecycle import start
from carillon.domain.run import RunState
from tests.unit.services.operator_stack import ADMIN, NOON, Stack, every


@pytest.fixture
def stack():
    return Stack()


def test_h3_a_pause_ends_the_queued_runs_whose_time_has_come_and_no_later_ones(stack):
    stack.create("*/5 * * * * *")
    stack.clock.advance(60)

    stack.pause()

    states = stack.states()
    assert [time for time, state in states.items() if state == "paused"] == every(5, "12:00:05", "12:01:05")
    assert [time for time, state in states.items() if state == "QUEUED"] == every(5, "12:01:10", "12:03:00")


def test_h3_the_margin_counts_from_after_the_write_not_from_before_it(stack):
    stack.create("*/5 * * * * *")
    write = stack.schedules.write

    def slow_write(change):
        stack.clock.advance(10)
        return write(change)

    stack.schedules.write = slow_write

    stack.pause()

    assert stack.states()["12:00:15"] == "paused"


def test_h3_a_worker_that_comes_after_the_pause_finds_nothing_to_start(stack):
    stack.create("*/5 * * * * *")
    first = stack.queue.sent[0]
    stack.clock.advance(5)
    stack.pause()

    stack.work(first)

    assert stack.target.calls == []
    assert stack.run(NOON + timedelta(seconds=5)).reason == "paused"


def test_h3_a_run_that_started_before_the_answer_stays(stack):
    stack.create("*/5 * * * * *")
    stack.clock.advance(5)
    queued = stack.run(NOON + timedelta(seconds=5))
    between = stack.runs.queued_between

    def start_meanwhile(*args):
        found = between(*args)
        now = stack.clock.now()
        lease = now + timedelta(seconds=20)
        stack.runs.transition(queued, start(queued, now, claim_id="w", lease_until=lease, revision=1))
        return found

    stack.runs.queued_between = start_meanwhile

    stack.pause()

    assert stack.run(NOON + timedelta(seconds=5)).state is RunState.RUNNING
    assert stack.run(NOON + timedelta(seconds=10)).reason == "paused"


def test_h3_a_queued_run_that_was_only_sent_again_meanwhile_is_still_ended(stack):
    stack.create("*/5 * * * * *")
    stack.clock.advance(5)
    queued = stack.run(NOON + timedelta(seconds=5))
    between = stack.runs.queued_between

    def resend_meanwhile(*args):
        found = between(*args)
        stack.runs.transition(queued, replace(queued, sends=2, claim_id="sweep"))
        return found

    stack.runs.queued_between = resend_meanwhile

    stack.pause()

    assert stack.run(NOON + timedelta(seconds=5)).reason == "paused"


def test_h3_an_edit_ends_only_the_queued_runs_that_the_new_timetable_does_not_have(stack):
    stack.create("*/5 * * * * *")
    stack.clock.advance(10)

    stack.edit("*/10 * * * * *")

    states = stack.states()
    assert states["12:00:05"] == "edited"
    assert states["12:00:15"] == "edited"
    assert states["12:00:10"] == "QUEUED"
    assert states["12:00:20"] == "QUEUED"


def test_h3_a_manual_run_survives_a_pause_and_an_edit_but_not_a_delete(stack):
    stack.create("0 18 * * *")
    run = stack.api.trigger_schedule(ADMIN, "etl")
    stack.pause()
    stack.edit("0 19 * * *")
    assert stack.database.runs[run.run_id].state is RunState.QUEUED

    stack.delete()

    assert stack.database.runs[run.run_id].reason == "deleted"


def test_h3_pausing_again_finishes_what_an_interrupted_pause_left(stack):
    stack.create("*/5 * * * * *")
    stack.clock.advance(5)
    end = stack.runs.queued_between
    stack.runs.queued_between = lambda *args: []
    first = stack.pause()
    stack.runs.queued_between = end

    again = stack.pause()

    assert again == first
    assert stack.states()["12:00:05"] == "paused"


def test_h4_a_future_run_lives_through_a_short_pause(stack):
    stack.create("* * * * *")
    stack.pause()
    stack.clock.advance(20)
    stack.resume()
    [message] = [
        sent for sent in stack.queue.sent if sent.dispatch.not_before == NOON + timedelta(seconds=60)
    ]
    stack.clock.advance(40)

    stack.work(message)

    assert len(stack.target.calls) == 1


def test_h5_a_fire_time_inside_a_pause_does_not_run_after_the_resume(stack):
    stack.create("* * * * *")
    message = stack.queue.sent[0]
    stack.clock.advance(50)
    stack.pause()
    stack.clock.advance(30)
    head = stack.resume()

    assert head.active_since == NOON + timedelta(seconds=80)
    stack.work(message)

    assert stack.target.calls == []
    assert stack.run(NOON + timedelta(seconds=60)).reason == "paused"
