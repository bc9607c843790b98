"""Which audit entries somebody wants to see: a span of time, and perhaps one actor or one object."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from carillon.domain.audit import AuditEntry
from carillon.domain.errors import FieldError, InvalidInput
from carillon.domain.moments import from_rfc3339, to_key, to_ms, to_rfc3339

DEFAULT_SPAN: Final = timedelta(days=7)
LONGEST_SPAN: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Entries with first ≤ at < last, of one actor or about one object, or all."""

    first: datetime
    last: datetime
    actor: str | None = None
    object: str | None = None


def read_query(
    actor: str | None, subject: str | None, first: str | None, last: str | None, now: datetime
) -> AuditQuery:
    """The query of a request's parameters; the last seven days unless told. InvalidInput."""
    faults: list[FieldError] = []
    if actor is not None and subject is not None:
        faults.append(FieldError("object", "Give actor or object, not both."))
    end = _moment("to", last, faults) or now + timedelta(minutes=1)
    begin = _moment("from", first, faults) or end - DEFAULT_SPAN
    if not faults and not timedelta(0) < end - begin <= LONGEST_SPAN:
        faults.append(FieldError("from", f"It must lie before `to`, by {LONGEST_SPAN.days} days at most."))
    if faults:
        raise InvalidInput("The query is not valid.", faults)
    return AuditQuery(begin, end, actor, subject)


def _moment(name: str, text: str | None, faults: list[FieldError]) -> datetime | None:
    if text is None:
        return None
    try:
        moment = from_rfc3339(text)
    except (ValueError, OverflowError):
        moment = None
    if moment is None or not 1970 <= moment.year < 2200:
        faults.append(FieldError(name, "This must be a time with an offset, such as 2026-11-22T02:00:00Z."))
        return None
    return moment


def moment_id(entry: AuditEntry) -> str:
    """The entry's place in time: unique, and in the order of time as a text."""
    return f"{time_key(entry.at)}#{entry.entry_id}"


def time_key(moment: datetime) -> str:
    """The moment as the first part of such a place: 20261122T020000.000Z."""
    return f"{to_key(moment)[:-1]}.{to_ms(moment) % 1000:03d}Z"


def audit_document(entry: AuditEntry) -> dict[str, Any]:
    """An entry as the API shows it and as the archive keeps it."""
    return {
        "entry_id": entry.entry_id,
        "at": to_rfc3339(entry.at),
        "actor": entry.actor,
        "method": entry.method or None,
        "source": entry.source or None,
        "action": entry.action,
        "object": entry.object,
        "outcome": entry.outcome,
        "confirmed_by": entry.confirmed_by,
        "before": None if entry.before is None else dict(entry.before),
        "after": None if entry.after is None else dict(entry.after),
        "details": dict(entry.details),
    }
