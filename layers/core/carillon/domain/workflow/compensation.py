"""What is taken back when a workflow has failed: compensations in reverse order of completion, one after another.

The rows tell everything: a compensation that has succeeded in any round is done, and an operator's retry begins a
new round with what is left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from carillon.domain.workflow.step_key import StepKey


@dataclass(frozen=True, slots=True)
class Completed:
    """A step, or an item of one, whose effect is there; `place` is its step's place in topological order."""

    key: StepKey
    finished_at: datetime
    place: int


class UndoState(StrEnum):
    """How far one compensation is."""

    LIVE = "live"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class UndoMove(StrEnum):
    """What a compensating workflow does next."""

    START = "start"
    WAIT = "wait"
    DONE = "done"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Undo:
    """The next move, and the compensation it is about."""

    move: UndoMove
    key: StepKey | None = None


def plan(completed: Sequence[Completed]) -> tuple[StepKey, ...]:
    """Everything to take back, the last completed first; equal times in reverse topological order."""
    newest_first = sorted(
        completed,
        key=lambda done: (done.finished_at, done.place, -1 if done.key.item is None else done.key.item),
        reverse=True,
    )
    return tuple(done.key for done in newest_first)


def next_undo(planned: Sequence[StepKey], undone: Mapping[StepKey, UndoState], round_: int) -> Undo:
    """The next move of a round; a failing compensation stops those behind it."""
    succeeded = {key.done_thing for key, state in undone.items() if state is UndoState.SUCCEEDED}
    for done in planned:
        if done in succeeded:
            continue
        key = StepKey(done.step, done.item, round_)
        state = undone.get(key)
        if state is None:
            return Undo(UndoMove.START, key)
        return Undo(UndoMove.WAIT if state is UndoState.LIVE else UndoMove.FAIL, key)
    return Undo(UndoMove.DONE)
