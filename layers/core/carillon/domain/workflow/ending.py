"""How a workflow ends once nothing of it runs: by its steps, or because it was stopped."""

from dataclasses import dataclass
from typing import Final

from carillon.domain.run import EventKind
from carillon.domain.workflow.advance import Advance, WorkflowEnd

TIMED_OUT: Final = "timed_out"
COMPENSATE_FIRST: Final = "cancelled_and_taken_back"
"""The reason of a cancel that also asks for compensation; without it a cancelled workflow keeps its effects."""

_MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Finale:
    """The end's event, sentence and stable word, and whether effects are taken back before it."""

    kind: EventKind
    message: str
    reason: str | None
    takes_back: bool


def finale(moves: Advance, stopped: str | None, *, kept_any: bool) -> Finale:
    """The end of a workflow; a wish to stop that came when nothing was left to stop changes nothing.

    `kept_any` says that the wish has kept a step from running.
    """
    if stopped is not None and (moves.failed or kept_any):
        kind = EventKind.TIME_OUT if stopped == TIMED_OUT else EventKind.CANCEL
        message = f"the workflow was {stopped.replace('_', ' ')}"
        return Finale(kind, message, stopped, stopped in (TIMED_OUT, COMPENSATE_FIRST))
    if moves.end is WorkflowEnd.SUCCEEDED:
        return Finale(EventKind.SUCCEED, "every step has ended well", None, False)
    names = ", ".join(moves.failed[:_MOST_NAMED])
    more = len(moves.failed) - _MOST_NAMED
    message = f"failed: {names}" + (f" and {more} more" if more > 0 else "")
    return Finale(EventKind.FAIL, message, "step_failed", True)
