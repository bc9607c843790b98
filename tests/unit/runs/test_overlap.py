"""The overlap slot's decisions, by example."""

import pytest

from carillon.domain.overlap import (
    EMPTY,
    QUEUE_FULL,
    REPLACED,
    SKIPPED,
    Answer,
    Decision,
    Slot,
    capacity,
    evict,
    release,
    take,
)
from carillon.domain.schedule import Overlap, Policies

A, B, C, D = (f"20261122T02000{number}Z" for number in range(4))


def policy(overlap, **numbers):
    return Policies(Overlap(overlap), **numbers)


@pytest.mark.parametrize("overlap", list(Overlap))
def test_a_free_slot_is_taken_and_asking_again_gives_it_again(overlap):
    taken = take(EMPTY, A, policy(overlap))
    assert (taken.answer, taken.slot) == (Answer.TAKEN, Slot((A,)))
    assert take(taken.slot, A, policy(overlap)) == Decision(Answer.TAKEN, Slot((A,)))


def test_allow_without_a_bound_takes_any_number():
    assert capacity(policy("allow")) is None
    assert take(Slot((A, B, C)), D, policy("allow")).slot == Slot((A, B, C, D))


@pytest.mark.parametrize(("overlap", "room"), [("skip", 1), ("allow", 2), ("skip", 2)])
def test_skip_and_bounded_allow_leave_out_what_does_not_fit_and_name_the_holders(overlap, room):
    holders = (A, B)[:room]
    decision = take(Slot(holders), C, policy(overlap, max_concurrent=room))
    assert (decision.answer, decision.reason, decision.slot) == (Answer.SKIP, SKIPPED, Slot(holders))
    assert all(key in decision.message for key in holders)


def test_queue_waits_in_the_order_of_the_fire_times_whatever_the_order_of_asking():
    policies = policy("queue")
    late = take(Slot((A,)), C, policies)
    early = take(late.slot, B, policies)
    assert (late.answer, early.answer, early.slot) == (Answer.WAIT, Answer.WAIT, Slot((A,), (B, C)))
    freed = release(early.slot, A)
    assert (freed.slot, freed.wake) == (Slot((), (B, C)), (B,))
    impatient = take(freed.slot, C, policies)
    assert (impatient.answer, impatient.slot, impatient.wake) == (Answer.WAIT, freed.slot, (B,))
    assert take(freed.slot, B, policies).slot == Slot((B,), (C,))


def test_a_queue_takes_no_more_than_it_may():
    full = Slot((A,), (B,))
    decision = take(full, C, policy("queue", max_queued=1))
    assert (decision.answer, decision.reason, decision.slot) == (Answer.SKIP, QUEUE_FULL, full)
    assert take(full, B, policy("queue", max_queued=1)).answer is Answer.WAIT


def test_a_queue_with_two_places_wakes_the_second_waiter_too():
    decision = take(Slot((), (A, B, C)), A, policy("queue", max_concurrent=2))
    assert (decision.slot, decision.wake) == (Slot((A,), (B, C)), (B,))


def test_replace_asks_the_older_one_to_stop_and_waits_for_its_end():
    decision = take(Slot((A,)), B, policy("replace"))
    assert (decision.answer, decision.slot, decision.stop) == (Answer.WAIT, Slot((A,), (B,)), (A,))
    freed = release(decision.slot, A)
    assert freed.wake == (B,)
    assert take(freed.slot, B, policy("replace")).slot == Slot((B,))


def test_an_older_fire_time_never_replaces_a_newer_one():
    decision = take(Slot((B,)), A, policy("replace"))
    assert (decision.answer, decision.reason, decision.stop) == (Answer.SKIP, REPLACED, ())


def test_the_newest_of_those_that_wait_to_replace_outruns_the_others():
    decision = take(Slot((A,), (B,)), C, policy("replace"))
    assert (decision.slot, decision.stop, decision.wake) == (Slot((A,), (C,)), (A,), (B,))
    outrun = take(decision.slot, B, policy("replace"))
    assert (outrun.answer, outrun.reason) == (Answer.SKIP, REPLACED)


def test_replace_with_two_places_stops_only_as_many_as_it_must():
    decision = take(Slot((A, B)), C, policy("replace", max_concurrent=2))
    assert (decision.slot, decision.stop) == (Slot((A, B), (C,)), (A,))


def test_only_those_whose_rows_have_ended_are_put_out():
    assert evict(Slot((A, B), (C, D)), {B, C}) == Slot((A,), (D,))


def test_giving_back_what_one_does_not_hold_changes_nothing_but_still_wakes_the_next():
    slot = Slot((B,), (C,))
    assert release(slot, A) == Decision(Answer.TAKEN, slot, wake=(C,))
