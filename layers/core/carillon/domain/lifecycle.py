"""What happens to a run, as functions from the row that was read to the row that should be written.

`advance` is the only way a state changes. Every unfinished run carries a `wake_at` at which the sweep looks at
it; every change that no worker's claim covers takes a fresh claim_id, so that a repeated write knows itself.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from carillon.domain.new_run import RESEND_AFTER
from carillon.domain.outcome import Outcome, OutcomeKind
from carillon.domain.retry import RetryDecision
from carillon.domain.run import EventKind, Run, target_state

MAX_QUEUE_DELAY: Final = timedelta(seconds=900)
"""SQS's longest delay; a later retry is sent by the sweep."""

LEASE_MARGIN: Final = timedelta(seconds=5)
"""What a lease outlasts its worker's timeout by, for clocks that differ."""

_TAKEN_BACK: Final = frozenset({EventKind.FAIL, EventKind.TIME_OUT, EventKind.UNDELIVERABLE})


def advance(
    run: Run, kind: EventKind, now: datetime, message: str, *, duration_ms: int | None = None, **changes: Any
) -> Run:
    """The run after an event; InvalidTransition when its state cannot take it.

    A failure of a run that can be taken back leads to its compensation instead: FAILED is final.
    """
    if run.compensable and kind in _TAKEN_BACK:
        kind = EventKind.COMPENSATE
        changes |= {"wake_at": now + RESEND_AFTER, "lease_until": None, "sends": 0}
    state = target_state(run.state, kind)
    if state.is_terminal:
        # A step's row is made after what it needed; its end is never told before that, whatever this clock says.
        changes |= {"ended_at": max(now, run.created_at), "wake_at": None, "lease_until": None}
    moved = replace(run, state=state, **changes)
    if not state.is_terminal and moved.wake_at is None:
        raise ValueError(f"an unfinished run needs a wake_at ({run.run_id}, {kind})")
    return moved.noted(now, message, duration_ms)


def start(run: Run, now: datetime, *, claim_id: str, lease_until: datetime, revision: int) -> Run:
    """An attempt begins; the first pins the revision. wake_at stays: moving an index key costs two writes.

    What an earlier attempt's target still has to say counts no more, though this one has no token yet.
    """
    return advance(
        run,
        EventKind.START,
        now,
        f"attempt {run.attempt + 1} starts",
        attempt=run.attempt + 1,
        claim_id=claim_id,
        lease_until=lease_until,
        revision=run.revision or revision,
        started_at=now,
        callback=run.callback.closed() if run.callback else None,
    )


def _told(outcome: Outcome, decision: RetryDecision) -> str:
    return f"{outcome.message.removesuffix('.')}; {decision.reason}"


def finish(run: Run, outcome: Outcome, decision: RetryDecision, now: datetime) -> Run:
    """An attempt ends; `decision` says whether another one follows a failure."""
    duration_ms = run.elapsed_ms(now)
    if outcome.kind is OutcomeKind.SUCCESS:
        return advance(run, EventKind.SUCCEED, now, outcome.message, duration_ms=duration_ms, reason=None)
    if decision.not_before is not None:
        message = _told(outcome, decision)
        held = replace(run, deadline_at=decision.deadline_at or run.deadline_at)
        return retry(held, now, decision.not_before, message, reason=outcome.error, duration_ms=duration_ms)
    if decision.is_overdue and outcome.kind is not OutcomeKind.UNKNOWN:
        return past_deadline(run, now, _told(outcome, decision), duration_ms=duration_ms)
    return advance(
        run,
        _END[outcome.kind],
        now,
        outcome.message,
        duration_ms=duration_ms,
        reason=outcome.error or "failed",
    )


def past_deadline(
    run: Run, now: datetime, message: str, *, duration_ms: int | None = None, claim_id: str | None = None
) -> Run:
    """All attempts together have had their time."""
    return advance(
        run,
        EventKind.TIME_OUT,
        now,
        message,
        duration_ms=duration_ms,
        reason="deadline_passed",
        claim_id=claim_id or run.claim_id,
    )


_END: Final = {
    OutcomeKind.PERMANENT: EventKind.FAIL,
    OutcomeKind.RETRYABLE: EventKind.FAIL,
    OutcomeKind.TIMED_OUT: EventKind.TIME_OUT,
    OutcomeKind.UNKNOWN: EventKind.LOSE,
}


def retry(
    run: Run,
    now: datetime,
    not_before: datetime,
    message: str,
    *,
    reason: str | None,
    duration_ms: int | None = None,
    claim_id: str | None = None,
) -> Run:
    """The run waits for its next attempt; a delay that SQS cannot hold is left to the sweep."""
    sent = not_before - now <= MAX_QUEUE_DELAY
    return advance(
        run,
        EventKind.RETRY,
        now,
        message,
        duration_ms=duration_ms,
        not_before=not_before,
        wake_at=not_before + RESEND_AFTER if sent else not_before,
        sends=1 if sent else 0,
        lease_until=None,
        reason=reason,
        claim_id=claim_id or run.claim_id,
    )


def is_sent_at_once(run: Run) -> bool:
    """Whether whoever wrote this waiting run also sends its wake-up."""
    return run.sends > 0


def skip(run: Run, now: datetime, reason: str, message: str, claim_id: str) -> Run:
    """A queued run that must not start ends with the reason."""
    return advance(run, EventKind.SKIP, now, message, reason=reason, claim_id=claim_id)


def undeliverable(run: Run, now: datetime, message: str, claim_id: str) -> Run:
    """A run whose wake-up could not be delivered ends FAILED."""
    return advance(run, EventKind.UNDELIVERABLE, now, message, reason="undeliverable", claim_id=claim_id)
