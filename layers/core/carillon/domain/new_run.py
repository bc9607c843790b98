"""How a run's row begins: queued for its fire time, skipped with a reason, or one row for a long missed stretch."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from carillon.domain.moments import to_key
from carillon.domain.run import Origin, Run, RunState
from carillon.domain.run_id import RunId

EXCLUDED: Final = "excluded"
"""The reason of a fire time that a calendar leaves out."""

RESEND_AFTER: Final = timedelta(seconds=60)
"""A wake-up that has not led to a start this long after its time is sent again."""


def queued(
    run_id: RunId,
    generation: int,
    origin: Origin,
    *,
    fire_at: datetime,
    now: datetime,
    message: str,
    not_before: datetime | None = None,
) -> Run:
    """A run whose wake-up is about to be sent."""
    start_at = not_before or fire_at
    run = Run(
        run_id=run_id,
        generation=generation,
        origin=origin,
        state=RunState.QUEUED,
        fire_at=fire_at,
        not_before=start_at,
        created_at=now,
        sends=1,
        wake_at=max(start_at, now) + RESEND_AFTER,
    )
    return run.noted(now, message)


def skipped(
    run_id: RunId, generation: int, *, fire_at: datetime, now: datetime, reason: str, message: str
) -> Run:
    """The row of a fire time that does not run; `reason` is a stable word, the message a sentence."""
    run = Run(
        run_id=run_id,
        generation=generation,
        origin=Origin.FIRE,
        state=RunState.SKIPPED,
        fire_at=fire_at,
        not_before=fire_at,
        created_at=now,
        ended_at=now,
        reason=reason,
    )
    return run.noted(now, message)


def missed_stretch(
    schedule_id: str,
    generation: int,
    *,
    first: datetime,
    last: datetime,
    count: int,
    now: datetime,
    reason: str,
) -> Run:
    """One SKIPPED row that accounts for `count` fire times from `first` to `last`, with a key of its own."""
    # The key names both ends: two actors that saw different stretches never hide one behind the other.
    tail = f"{EXCLUDED if reason == EXCLUDED else 'missed'}-{to_key(last).lower()}"
    run = skipped(
        RunId(schedule_id, f"{to_key(first)}~{tail}"),
        generation,
        fire_at=first,
        now=now,
        reason=reason,
        message=f"{count} fire times up to {to_key(last)} did not run: {reason}",
    )
    return replace(run, skipped_count=count)
