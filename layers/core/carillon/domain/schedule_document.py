"""A schedule as the API shows it: its definition with every default, and what became of it."""

from datetime import datetime
from typing import Any

from carillon.domain.definition_document import policies_document, timetable_document
from carillon.domain.errors import InvalidInput
from carillon.domain.fire_times import next_after
from carillon.domain.job import Revision
from carillon.domain.moments import from_ms, to_rfc3339
from carillon.domain.schedule import Schedule, ScheduleState


def schedule_document(head: Schedule, revision: Revision, now: datetime) -> dict[str, Any]:
    """The whole schedule."""
    return {**revision.document, **_standing(head, now)}


def schedule_summary(head: Schedule, now: datetime) -> dict[str, Any]:
    """The schedule as a line of a list: everything but its job and description."""
    return {
        "schedule_id": head.schedule_id,
        "tags": dict(head.tags),
        "sensitive": head.sensitive,
        "timetable": timetable_document(head.timetable),
        "policies": policies_document(head.policies),
        **_standing(head, now),
    }


def revision_document(revision: Revision) -> dict[str, Any]:
    """One revision: its number, who saved it when, and the definition."""
    return {
        "revision": revision.number,
        "saved_at": to_rfc3339(from_ms(revision.saved_at_ms)),
        "saved_by": revision.saved_by,
        "document": dict(revision.document),
    }


def upcoming(head: Schedule, now: datetime) -> datetime | None:
    """The next moment at which it will fire, which may be claimed already; None while it does not fire."""
    if head.state is not ScheduleState.ACTIVE:
        return None
    try:
        return next_after(head.timetable, max(now, head.claimed_until or now, head.active_since or now))
    except InvalidInput:
        return None


def _standing(head: Schedule, now: datetime) -> dict[str, Any]:
    next_fire_at = upcoming(head, now)
    return {
        "state": str(head.state),
        "state_reason": head.state_reason,
        "revision": head.revision,
        "head_version": head.head_version,
        "owner": head.owner,
        "next_fire_at": None if next_fire_at is None else to_rfc3339(next_fire_at),
        "paused_until": None if head.paused_until is None else to_rfc3339(head.paused_until),
        "skip_next": head.skip_next,
        "runs_left": head.fires_left,
        "created_at": to_rfc3339(head.created_at),
        "updated_at": to_rfc3339(head.updated_at),
    }
