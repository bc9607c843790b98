"""Limits that a run passes while it has not ended: too late although it has not begun, too long although it goes on.

The sweep looks at unfinished runs anyway. It puts the next look no later than the next limit, so that whether a limit
was passed since the last look follows from the row alone and each is told once.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from carillon.domain.alert_rules import AlertKind, AlertRules
from carillon.domain.new_run import RESEND_AFTER
from carillon.domain.run import Origin, Run, RunState
from carillon.domain.run_document import between_ms, first_start

Limit = tuple[AlertKind, datetime]


def limits(rules: AlertRules, run: Run) -> Iterator[Limit]:
    """What a run may not pass, and when it does."""
    begun_at = first_start(run)
    if rules.late_after_seconds is not None and run.origin is Origin.FIRE and run.state is RunState.QUEUED:
        yield AlertKind.LATE, run.fire_at + timedelta(seconds=rules.late_after_seconds)
    if rules.longer_than_seconds is not None and begun_at is not None and not run.state.is_terminal:
        yield AlertKind.LONG, begun_at + timedelta(seconds=rules.longer_than_seconds)


def passed(rules: AlertRules, run: Run, now: datetime) -> tuple[AlertKind, ...]:
    """The limits that were passed since the last look at the row."""
    return tuple(
        kind
        for kind, at in limits(rules, run)
        if at < now and (run.wake_at is None or run.wake_at <= at or _is_first_look(run, run.wake_at))
    )


def next_limit(rules: AlertRules, run: Run, now: datetime) -> datetime | None:
    """When the run passes its next limit, if there is one."""
    return min((at for _, at in limits(rules, run) if at >= now), default=None)


def so_far(run: Run, now: datetime) -> dict[str, object]:
    """What an early alert says in place of what is known at the end only."""
    begun_at = first_start(run)
    known = {"lateness_ms": between_ms(run.fire_at, now)} if begun_at is None else {}
    return {**known, "duration_ms": between_ms(begun_at, now), "so_far": True}


def _is_first_look(run: Run, wake_at: datetime) -> bool:
    return wake_at <= max(run.not_before, run.created_at) + RESEND_AFTER
