"""A calendar as a document: read with every fault at its field, and shown again."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from carillon.domain.calendars import Calendar
from carillon.domain.errors import InvalidExpression
from carillon.domain.moments import to_rfc3339
from carillon.domain.reading import Faults, Section, one_of
from carillon.domain.run_id import SCHEDULE_ID
from carillon.domain.timetable import Timetable
from carillon.domain.timetable_definition import sentence

MAX_DATES: Final = 1000
MAX_RANGES: Final = 200
LONGEST_RANGE: Final = timedelta(days=3660)
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_RIGHT_RANGE: Final = (
    'Write {"from": "2026-12-24", "to": "2027-01-02"}: two days that exist, in their order and at most ten '
    "years apart."
)
_FIELDS: Final = ("name", "description", "zone", "dates", "ranges", "weekdays")
_READ_ONLY: Final = ("version", "updated_at")


def read_calendar(document: Any, now: datetime) -> Calendar:
    """The calendar in a decoded JSON document, at version 1; InvalidInput with every fault."""
    faults = Faults()
    for name in _READ_ONLY if isinstance(document, Mapping) else ():
        if name in document:
            faults.note(name, "Carillon sets this itself; leave it out.")
    body = Section(document, "", faults, _FIELDS)
    calendar = Calendar(
        name=_name(body),
        description=body.text("description", longest=1000),
        zone=_zone(body),
        dates=body.items("dates", MAX_DATES, _date, "dates", "Write a day that exists, such as 2026-12-25."),
        ranges=body.items("ranges", MAX_RANGES, _range, "ranges of dates", _RIGHT_RANGE),
        weekdays=body.items("weekdays", len(WEEKDAYS), _weekday, "days of the week", one_of("", WEEKDAYS)),
        updated_at=now,
    )
    if len(set(calendar.weekdays)) == len(WEEKDAYS):
        body.fault("weekdays", "This leaves no day of the week; pause the schedules instead.")
    if body.is_object and not faults.errors and not (calendar.dates or calendar.ranges or calendar.weekdays):
        body.fault("dates", "Name the days to leave out: dates, ranges or weekdays.")
    faults.raise_any("The calendar is not valid.")
    return calendar


def calendar_document(calendar: Calendar) -> dict[str, Any]:
    """The document; reading it again, without version and updated_at, gives the same days."""
    return {
        "name": calendar.name,
        "description": calendar.description,
        "zone": calendar.zone,
        "dates": [day.isoformat() for day in calendar.dates],
        "ranges": [{"from": first.isoformat(), "to": last.isoformat()} for first, last in calendar.ranges],
        "weekdays": [WEEKDAYS[day] for day in calendar.weekdays],
        "version": calendar.version,
        "updated_at": to_rfc3339(calendar.updated_at),
    }


def _name(body: Section) -> str:
    name = body.text("name", longest=64)
    if not SCHEDULE_ID.fullmatch(name):
        body.fault(
            "name",
            "Give a name of 1 to 64 lower-case letters, digits, - and _, such as de-holidays; "
            "it begins and ends with a letter or digit.",
        )
    return name


def _zone(body: Section) -> str | None:
    zone = body.text("zone", longest=64)
    if not zone:
        return None
    try:
        Timetable.parse("@hourly", zone)
    except InvalidExpression as error:
        body.fault("zone", sentence(error))
    return zone


def _date(value: Any) -> date | None:
    # fromisoformat takes 20261225 and 2026-W52-5 too; one way to write a day is enough.
    if not isinstance(value, str) or len(value) != len("2026-12-25") or value[4:8:3] != "--":
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return None
    return day if 1970 <= day.year < 2200 else None


def _range(value: Any) -> tuple[date, date] | None:
    if not isinstance(value, Mapping) or set(value) != {"from", "to"}:
        return None
    first, last = _date(value["from"]), _date(value["to"])
    if first is None or last is None or not first <= last <= first + LONGEST_RANGE:
        return None
    return first, last


def _weekday(value: Any) -> int | None:
    return WEEKDAYS.index(value) if value in WEEKDAYS else None
