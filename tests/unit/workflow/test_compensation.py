"""What is taken back, in which order, and what an operator's retry does again."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from carillon.domain.workflow.compensation import Completed, Undo, UndoMove, UndoState, next_undo, plan
from carillon.domain.workflow.step_key import StepKey

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def done(step, seconds, place, item=None):
    return Completed(StepKey(step, item), NOON + timedelta(seconds=seconds), place)


def test_the_last_completed_is_taken_back_first():
    found = plan([done("a", 1, 0), done("c", 9, 2), done("b", 5, 1)])
    assert [key.step for key in found] == ["c", "b", "a"]


def test_equal_times_follow_the_reverse_topological_order_and_items_theirs():
    found = plan([done("a", 5, 0), done("b", 5, 1, item=0), done("b", 5, 1, item=1), done("b", 4, 1, item=2)])
    assert [(key.step, key.item) for key in found] == [("b", 1), ("b", 0), ("a", None), ("b", 2)]


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=8), st.integers(1, 3))
def test_a_round_takes_back_each_thing_once_and_in_order(times, rounds):
    planned = plan([done(f"s{place}", seconds, place) for place, (seconds, _) in enumerate(times)])
    fails_at_first = {f"s{place}" for place, (_, fails) in enumerate(times) if fails}
    undone, order = {}, []
    for round_ in range(1, rounds + len(times) + 1):
        while (move := next_undo(planned, undone, round_)).move is UndoMove.START:
            undone[move.key] = UndoState.LIVE
            assert next_undo(planned, undone, round_) == Undo(UndoMove.WAIT, move.key)
            fails = move.key.step in fails_at_first
            fails_at_first.discard(move.key.step)
            undone[move.key] = UndoState.FAILED if fails else UndoState.SUCCEEDED
            order += [] if fails else [move.key.done_thing]
        if move.move is UndoMove.DONE:
            break
        assert move.move is UndoMove.FAIL
    assert move.move is UndoMove.DONE
    assert tuple(order) == planned


def test_a_failing_compensation_stops_those_behind_it():
    planned = plan([done("a", 1, 0), done("b", 2, 1)])
    undone = {StepKey("b", undo=1): UndoState.FAILED}
    assert next_undo(planned, undone, 1) == Undo(UndoMove.FAIL, StepKey("b", undo=1))
    assert next_undo(planned, undone, 2) == Undo(UndoMove.START, StepKey("b", undo=2))
