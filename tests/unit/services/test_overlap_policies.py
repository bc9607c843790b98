"""Overlap policies and cancelling over the real services: what two fire times of one schedule do to each other."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from carillon.domain.cancelling import CancelAnswer
from carillon.domain.dispatch import Dispatch
from carillon.domain.errors import RunNotFound, Throttled, Unavailable
from carillon.domain.job import Retry
from carillon.domain.lifecycle import advance
from carillon.domain.new_run import queued
from carillon.domain.outcome import retryable, timed_out
from carillon.domain.overlap import EMPTY, Slot
from carillon.domain.run import EventKind, Origin, RunState
from carillon.domain.run_id import RunId
from carillon.domain.schedule import Misfire, Overlap, Policies
from carillon.services.adopt_runs import AdoptRuns
from carillon.services.execute import Ending
from tests.contract.builders import audit
from tests.fakes.world import World

MINUTE = timedelta(minutes=1)


@pytest.fixture
def world():
    return World()


def two_fire_times(world, overlap, **numbers):
    """The first minute's run and the next ones', with their messages."""
    retry = numbers.pop("retry", Retry(max_attempts=1))
    policies = Policies(Overlap(overlap), misfire=Misfire(grace_seconds=600), **numbers)
    world.add(policies=policies, retry=retry)
    world.tick.run([0])
    messages, world.queue.sent = world.queue.sent, []
    first = world.clock.now()
    return [first + number * MINUTE for number in range(4)], messages


def during(world, action):
    """What happens while the next call of the target lasts."""
    world.target.answers.append(lambda call: action(call) or world.target.execute(call))


def key(fire_at):
    return RunId.of_fire_time("etl", fire_at).run_key


def test_a_fire_time_whose_predecessor_still_runs_is_skipped_and_names_it(world):
    (first, second, *_), messages = two_fire_times(world, "skip")

    def next_minute(call):
        world.clock.advance(60)
        assert world.work(messages[1]).ending is Ending.SKIPPED

    during(world, next_minute)
    world.work(messages[0])
    skipped = world.run(second)
    assert (skipped.state, skipped.reason) == (RunState.SKIPPED, "overlap_skipped")
    assert skipped.events[-1].message == f"{key(first)} is unfinished"
    assert world.run(first).state is RunState.SUCCEEDED
    assert world.slots.read("etl") == EMPTY


def test_waiting_fire_times_run_in_order_each_sent_by_its_predecessors_end(world):
    (first, second, third, _), messages = two_fire_times(world, "queue")

    def two_more_minutes(call):
        world.clock.advance(120)
        assert world.work(messages[2]).ending is Ending.WAITS
        assert world.work(messages[1]).ending is Ending.WAITS
        assert world.slots.read("etl") == Slot((key(first),), (key(second), key(third)))

    during(world, two_more_minutes)
    world.work(messages[0])
    while world.queue.sent:
        world.work()
    assert [call.fire_at for call in world.target.calls[1:]] == [first, second, third]
    assert {world.run(fire_at).state for fire_at in (first, second, third)} == {RunState.SUCCEEDED}


def test_a_run_that_came_in_time_may_wait_longer_than_the_grace(world):
    (_, second, *_), messages = two_fire_times(world, "queue")

    def long(call):
        world.clock.advance(60)
        world.work(messages[1])
        world.clock.advance(3600)

    during(world, long)
    world.work(messages[0])
    world.work()
    assert world.run(second).state is RunState.SUCCEEDED


def test_more_than_may_wait_are_skipped_as_queue_full(world):
    (_, _, third, _), messages = two_fire_times(world, "queue", max_queued=1)

    def two_more_minutes(call):
        world.clock.advance(120)
        world.work(messages[1])
        world.work(messages[2])

    during(world, two_more_minutes)
    world.work(messages[0])
    assert (world.run(third).state, world.run(third).reason) == (RunState.SKIPPED, "queue_full")


def test_replace_asks_the_older_run_to_stop_and_starts_when_it_has(world):
    (first, second, *_), messages = two_fire_times(world, "replace")

    def next_minute(call):
        world.clock.advance(60)
        assert world.work(messages[1]).ending is Ending.WAITS
        assert call.cancelled()

    during(world, next_minute)
    world.work(messages[0])
    assert (world.run(first).state, world.run(first).reason) == (RunState.CANCELLED, "replaced")
    assert key(second) in world.run(first).events[-2].message
    world.work()
    assert world.run(second).state is RunState.SUCCEEDED


def test_a_retrying_run_is_replaced_at_once(world):
    (first, second, *_), messages = two_fire_times(world, "replace", retry=Retry(2, base_seconds=300))
    world.target.answers.append(retryable("http_503", "busy"))
    world.work(messages[0])
    assert world.run(first).state is RunState.RETRYING
    world.clock.advance(60)
    world.work(messages[1])
    assert world.run(first).state is RunState.CANCELLED
    assert world.queue.sent.pop().dispatch.run_id.run_key == key(second)


def test_a_retrying_run_keeps_its_slot(world):
    (first, second, *_), messages = two_fire_times(world, "skip", retry=Retry(2, base_seconds=300))
    world.target.answers.append(retryable("http_503", "busy"))
    world.work(messages[0])
    world.clock.advance(60)
    world.work(messages[1])
    assert (world.run(first).state, world.run(second).state) == (RunState.RETRYING, RunState.SKIPPED)


def test_a_wish_that_no_attempt_noticed_in_time_stops_the_retries(world):
    (first, *_), messages = two_fire_times(world, "skip", retry=Retry(5))

    def cancelled(call):
        answer = world.cancel_run(world.run(first).run_id, "cancelled", "asked by ada").answer
        assert answer is CancelAnswer.ASKED
        return timed_out("too slow")

    world.target.answers.append(cancelled)
    world.work(messages[0])
    assert (world.run(first).state, world.run(first).reason) == (RunState.CANCELLED, "cancelled")
    assert world.queue.sent == []
    assert world.slots.read("etl") == EMPTY


def test_a_success_that_came_before_the_wish_was_noticed_stays_one(world):
    (first, *_), messages = two_fire_times(world, "skip")
    during(world, lambda call: world.cancel_run(world.run(first).run_id, "cancelled", "asked") and None)
    world.work(messages[0])
    assert world.run(first).state is RunState.SUCCEEDED


def test_an_attempt_is_looked_at_only_every_five_seconds(world):
    _, messages = two_fire_times(world, "skip")
    reads = Counter()
    world.database.before = lambda operation: reads.update([operation])

    def a_minute(call):
        before = reads["get"]
        for _ in range(600):
            assert not call.cancelled()
            world.clock.advance(0.1)
        assert reads["get"] - before == 11

    during(world, a_minute)
    world.work(messages[0])


def test_cancelling_a_queued_run_ends_it_and_its_audit_is_written_with_it(world):
    (first, *_), _ = two_fire_times(world, "skip")
    entry = audit(action="run.cancel")
    result = world.cancel_run(world.run(first).run_id, "cancelled", "asked by ada", entry)
    assert (result.answer, result.run.state) == (CancelAnswer.CANCELLED, RunState.CANCELLED)
    assert world.database.audit == {entry.entry_id: entry}
    again = world.cancel_run(world.run(first).run_id, "cancelled", "asked by ada", audit())
    assert again.answer is CancelAnswer.TOO_LATE
    assert len(world.database.audit) == 1


def test_cancelling_a_run_that_does_not_exist_says_so(world):
    with pytest.raises(RunNotFound):
        world.cancel_run(RunId("etl", "20261122T020000Z"), "cancelled", "asked")


def test_a_schedule_that_cannot_overlap_itself_never_touches_a_slot(world):
    world.add(needs_slot=False)
    touched = Counter()
    world.database.before = lambda operation: touched.update([operation])
    world.tick.run([0])
    world.work()
    assert not [operation for operation in touched if operation.startswith("slot")]


def edited_to(world, overlap):
    """The head as an edit leaves it that makes the policy exclusive, and what the edit does about runs."""
    world.database.heads["etl"] = replace(
        world.head(), policies=Policies(Overlap(overlap), misfire=Misfire(grace_seconds=600)), needs_slot=True
    )
    return AdoptRuns(world.runs, world.slots, world.clock, world.chance)(world.head())


@pytest.mark.parametrize(("overlap", "ending"), [("skip", Ending.SKIPPED), ("queue", Ending.WAITS)])
def test_a_run_that_began_without_a_slot_is_in_the_way_once_the_policy_is_exclusive(world, overlap, ending):
    world.add(policies=Policies(Overlap.ALLOW), retry=Retry(max_attempts=1), needs_slot=False)
    world.tick.run([0])
    messages, world.queue.sent = world.queue.sent, []
    first = world.clock.now()

    def edit_and_next_minute(call):
        assert edited_to(world, overlap) == 1
        world.clock.advance(60)
        assert world.work(messages[1]).ending is ending

    during(world, edit_and_next_minute)
    world.work(messages[0])
    assert world.run(first).state is RunState.SUCCEEDED
    left = world.slots.read("etl")
    assert left.holders == ()
    assert [sent.dispatch.run_id.run_key for sent in world.queue.sent] == list(left.waiters)


def test_a_repeated_message_of_an_ended_run_gives_its_slot_back_and_wakes_the_next(world):
    (first, second, *_), messages = two_fire_times(world, "queue")
    swap = world.slots.swap

    def refuse(*arguments):
        raise Unavailable("the slot cannot be given back now")

    def second_waits(call):
        world.clock.advance(60)
        world.work(messages[1])
        world.slots.swap = refuse

    during(world, second_waits)
    world.work(messages[0])
    world.slots.swap = swap
    assert (world.run(first).state, world.slots.read("etl").holders) == (RunState.SUCCEEDED, (key(first),))
    assert world.work(messages[0]).ending is Ending.NOT_NEEDED
    assert world.slots.read("etl").holders == ()
    assert [sent.dispatch.run_id.run_key for sent in world.queue.sent] == [key(second)]


def test_what_has_ended_waits_or_has_its_slot_is_not_given_another(world):
    _, messages = two_fire_times(world, "skip")
    given = []
    during(world, lambda call: given.append(edited_to(world, "skip")))
    world.work(messages[0])
    assert [*given, edited_to(world, "skip")] == [0, 0]


def test_a_run_that_ends_while_it_is_given_a_slot_keeps_nobody_out(world):
    world.add(policies=Policies(Overlap.ALLOW), retry=Retry(max_attempts=1), needs_slot=False)
    world.tick.run([0])
    messages, world.queue.sent = world.queue.sent, []

    def edit_too_late(call):
        swap = world.slots.swap

        def end_first(*arguments):
            world.slots.swap = swap
            world.clock.advance(60)
            run = world.run(call.fire_at)
            world.runs.transition(run, advance(run, EventKind.SUCCEED, world.clock.now(), "done"))
            return swap(*arguments)

        world.slots.swap = end_first
        assert edited_to(world, "skip") == 0

    during(world, edit_too_late)
    world.work(messages[0])
    assert world.work(messages[1]).ending is Ending.EXECUTED


@pytest.mark.parametrize("origin", [Origin.MANUAL, Origin.BACKFILL])
def test_a_run_that_stands_outside_the_policy_starts_beside_a_holder(world, origin):
    (first, *_), messages = two_fire_times(world, "skip")
    now = world.clock.now()
    outside = queued(
        RunId.of_trigger("etl", now, "tail"), 1, origin, fire_at=now, now=now, message="asked for"
    )

    def beside(call):
        world.runs.put_if_absent(outside)
        world.queue.send([Dispatch.for_next_attempt(outside)], now)
        assert world.work().run.state is RunState.SUCCEEDED

    during(world, beside)
    world.work(messages[0])
    assert world.run(first).state is RunState.SUCCEEDED


def test_a_store_that_does_not_answer_leaves_the_slot_to_the_next_who_finds_it_full(world):
    (first, *_), messages = two_fire_times(world, "skip")

    def broken(operation):
        if operation == "slot_swap" and world.run(first).state is RunState.SUCCEEDED:
            raise Throttled

    world.database.before = broken
    assert world.work(messages[0]).run.state is RunState.SUCCEEDED
    assert world.slots.read("etl") == Slot((key(first),))
    world.database.before = lambda operation: None
    world.clock.advance(60)
    assert world.work(messages[1]).run.state is RunState.SUCCEEDED
    assert world.slots.read("etl") == EMPTY
