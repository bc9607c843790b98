"""A run as people and programs read it: the one JSON shape shared by the API, the archive and the alerts.

What a run was given and what it put out are no part of it: they are kept sealed, and may be large.
"""

from datetime import datetime, timedelta
from typing import Any

from carillon.domain.moments import to_ms, to_rfc3339
from carillon.domain.run import Run, RunEvent, RunState

_MILLISECOND = timedelta(milliseconds=1)


def run_document(run: Run) -> dict[str, Any]:
    """The run with every key present (None where there is nothing to say): times RFC 3339, events epoch ms.

    `started_at` is the first attempt's start; `lateness_ms` runs from the fire time to it, `duration_ms` from
    it to the run's end. What each attempt took stands in its events.
    """
    started_at = first_start(run)
    return {
        "run_id": str(run.run_id),
        "schedule_id": run.run_id.schedule_id,
        "fire_at": to_rfc3339(run.fire_at),
        "state": str(run.state),
        "reason": run.reason,
        "origin": str(run.origin),
        "attempt": run.attempt,
        "revision": run.revision,
        "created_at": to_rfc3339(run.created_at),
        "started_at": _rfc3339(started_at),
        "ended_at": _rfc3339(run.ended_at),
        "duration_ms": between_ms(started_at, run.ended_at),
        "lateness_ms": between_ms(run.fire_at, started_at),
        "skipped_count": run.skipped_count,
        "retry_of": None if run.retry_of is None else str(run.retry_of),
        "deadline_at": _rfc3339(run.deadline_at),
        "callback_due_at": _rfc3339(run.callback.due_at if run.callback else None),
        "trace_id": run.trace.trace_id,
        "events": [event_document(event) for event in run.events],
    }


def event_document(event: RunEvent) -> dict[str, Any]:
    """One line of a run's story."""
    return {
        "timestamp": to_ms(event.timestamp),
        "status": str(event.status),
        "message": event.message,
        "duration_ms": event.duration_ms,
        "attempt": event.attempt,
    }


def first_start(run: Run) -> datetime | None:
    """When the first attempt started, None where there was none or its line has left the story."""
    if run.attempt <= 1:
        return run.started_at
    starts = (e.timestamp for e in run.events if e.status is RunState.RUNNING and e.attempt == 1)
    return next(starts, None)


def _rfc3339(moment: datetime | None) -> str | None:
    return None if moment is None else to_rfc3339(moment)


def between_ms(first: datetime | None, last: datetime | None) -> int | None:
    """Whole milliseconds from one moment to another, None where either is missing."""
    return None if first is None or last is None else (last - first) // _MILLISECOND
