"""Calendars as rows of the Schedules table: one partition of their own, each with its version as the condition.

Nobody may delete rows of that table, so a removed calendar is a row without a version, which TTL clears away.
"""

import logging
from collections.abc import Collection
from datetime import date
from typing import Final

from carillon.adapters.dynamo.audit import write_audited
from carillon.adapters.dynamo.database import Database
from carillon.adapters.dynamo.expressions import Expression
from carillon.adapters.dynamo.wire import Row, Value, Wire, expiry, moment, packed, text, whole
from carillon.domain.audit import AuditEntry
from carillon.domain.calendars import Calendar, Calendars
from carillon.domain.errors import LostRace, MalformedRow

# A colon stands in no schedule id.
CALENDARS: Final[Value] = text(":calendars")
_logger = logging.getLogger(__name__)


def read_calendars(database: Database, names: Collection[str]) -> Calendars:
    """BatchGetItem, consistent; what cannot be read is logged and left out."""
    keys = [_key(name) for name in dict.fromkeys(names)]
    found: dict[str, Calendar] = {}
    for item in database.get_batch(database.schedules_table, keys, consistent=True):
        if is_removed(item):
            continue
        try:
            calendar = read_calendar(item)
        except MalformedRow as error:
            _logger.warning(str(error), extra={"action": "row_left_out"})
            continue
        found[calendar.name] = calendar
    return found


def save_calendar(database: Database, calendar: Calendar, audit: AuditEntry, replaces: int | None) -> None:
    """Writes the row if its version still is `replaces`, None meaning that there is no row; LostRace."""
    expression = Expression()
    condition = expression.same("version", whole(replaces) if replaces is not None else None)
    _put(database, calendar_item(calendar), condition, expression, audit)


def remove_calendar(database: Database, name: str, audit: AuditEntry, replaces: int) -> None:
    """Marks the row as removed if its version still is `replaces`; LostRace."""
    expression = Expression()
    condition = expression.same("version", whole(replaces))
    gone = _key(name) | {"removed": {"BOOL": True}, "expires_at": expiry(audit.at + database.kept)}
    _put(database, gone, condition, expression, audit)


def is_removed(item: Wire) -> bool:
    """Whether the row only tells that there was a calendar."""
    return "removed" in item


def _put(database: Database, item: Wire, condition: str, expression: Expression, audit: AuditEntry) -> None:
    content = {"TableName": database.schedules_table, "Item": item, "ConditionExpression": condition}
    if not write_audited(database, {"Put": content | expression.arguments()}, audit):
        raise LostRace(f"The {audit.object} was changed meanwhile.")


def _key(name: str) -> Wire:
    return {"schedule_id": CALENDARS, "part": text(name)}


def calendar_item(calendar: Calendar) -> Wire:
    """The row."""
    days = {
        "dates": [day.isoformat() for day in calendar.dates],
        "ranges": [[first.isoformat(), last.isoformat()] for first, last in calendar.ranges],
        "weekdays": list(calendar.weekdays),
    }
    texts = {"description": calendar.description, "zone": calendar.zone}
    return _key(calendar.name) | {
        "days": packed({name: found for name, found in days.items() if found}),
        "version": whole(calendar.version),
        "updated_at": moment(calendar.updated_at),
        **{name: text(value) for name, value in texts.items() if value},
    }


def read_calendar(item: Wire) -> Calendar:
    """The calendar; MalformedRow."""
    name = str(item["part"]["S"])
    row = Row(item, f"Calendar {name}")
    days = row.mapping("days")
    try:
        return Calendar(
            name=name,
            description=row.maybe_text("description") or "",
            zone=row.maybe_text("zone"),
            dates=tuple(date.fromisoformat(day) for day in days.get("dates", ())),
            ranges=tuple(
                (date.fromisoformat(first), date.fromisoformat(last))
                for first, last in days.get("ranges", ())
            ),
            weekdays=tuple(int(day) for day in days.get("weekdays", ())),
            version=row.whole("version"),
            updated_at=row.moment("updated_at"),
        )
    except (ValueError, TypeError) as error:
        raise (
            error if isinstance(error, MalformedRow) else row.fault("days", f"cannot be read: {error}")
        ) from None
