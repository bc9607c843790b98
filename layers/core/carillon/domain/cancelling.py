"""Stopping a run that somebody no longer wants: at once while nothing runs, by asking while an attempt does.

An attempt is never torn away from its worker: the row carries the wish, the worker notices it, and whoever writes
the attempt's end makes it CANCELLED.
"""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from carillon.domain.lifecycle import advance
from carillon.domain.outcome import Outcome
from carillon.domain.run import EventKind, Run, RunState
from carillon.domain.workflow.ending import COMPENSATE_FIRST
from carillon.domain.workflow.rows import compensating
from carillon.domain.workflow.tasks import BELOW

CANCELLED: Final = "cancelled"
_ENDED_AT_ONCE: Final = frozenset({RunState.QUEUED, RunState.RETRYING, RunState.WAITING})


class CancelAnswer(StrEnum):
    """What became of the wish: the run has ended, it will (it stops, or is taken back), or there is nothing to stop."""

    CANCELLED = "cancelled"
    ASKED = "asked"
    TOO_LATE = "too_late"


def request(run: Run, now: datetime, reason: str, message: str, claim_id: str) -> tuple[CancelAnswer, Run]:
    """The answer to a wish to stop a run, and the row that it makes; the same row where nothing changes.

    `reason` is a stable word such as `replaced`; the message says who wants it and why.
    """
    if run.state in _ENDED_AT_ONCE and not is_followed(run):
        after = cancel(run, now, message, reason=reason, claim_id=claim_id)
        return (CancelAnswer.CANCELLED if after.state.is_terminal else CancelAnswer.ASKED), after
    if run.state is not RunState.RUNNING and not is_followed(run):
        return CancelAnswer.TOO_LATE, run
    if run.cancel_requested_at is not None:
        return CancelAnswer.ASKED, run
    asked = replace(run, cancel_requested_at=now, cancel_reason=reason)
    if is_followed(run):
        # Its work elsewhere is stopped by a worker, whom the next sweep wakes.
        asked = replace(asked, wake_at=now, sends=0)
    return CancelAnswer.ASKED, asked.noted(now, message)


def cancel(
    run: Run,
    now: datetime,
    message: str,
    *,
    reason: str | None = None,
    claim_id: str | None = None,
    duration_ms: int | None = None,
) -> Run:
    """The run ends CANCELLED, with the reason of the wish unless another is given.

    A task whose wish asks for it is taken back instead, if it has begun and says how.
    """
    reason, claim_id = reason or run.cancel_reason or CANCELLED, claim_id or run.claim_id
    if reason == COMPENSATE_FIRST and run.origin not in BELOW:
        if run.compensable and claim_id is not None:
            return compensating(run, now, claim_id, message, reason)
        reason = CANCELLED
    return advance(
        run, EventKind.CANCEL, now, message, duration_ms=duration_ms, reason=reason, claim_id=claim_id
    )


def stopped(run: Run, outcome: Outcome, now: datetime, reason: str) -> Run:
    """The end of an attempt that was told to stop, however it then ended: what it left undone cannot be known."""
    message = f"stopped when asked to: {outcome.message}"
    return cancel(run, now, message, reason=reason, duration_ms=run.elapsed_ms(now))


def is_to_be_stopped(run: Run) -> bool:
    """Whether an unfinished run must end here instead of beginning another attempt."""
    return run.cancel_requested_at is not None and run.state in _ENDED_AT_ONCE and not is_followed(run)


def is_followed(run: Run) -> bool:
    """Whether the run waits for work elsewhere that can be asked about and stopped."""
    return run.state is RunState.WAITING and run.remote is not None
