"""Exclusion calendars: the days on which schedules that name them do not fire.

A day is one of a zone: the calendar's own, or else that of the schedule which uses it. What `also_at` names fires
whatever a calendar says: one moment that somebody wrote down is meant more than a rule about days.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from carillon.domain.errors import FieldError, MissingCalendar
from carillon.domain.schedule import TimetableSpec

Span = tuple[datetime, datetime]
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Dates, ranges of dates (both ends included) and days of the week (Monday is 0); `version` is its ETag."""

    name: str
    description: str = ""
    zone: str | None = None
    dates: tuple[date, ...] = ()
    ranges: tuple[tuple[date, date], ...] = ()
    weekdays: tuple[int, ...] = ()
    version: int = 1
    updated_at: datetime

    def covers(self, day: date) -> bool:
        """Whether nothing fires on this day."""
        return (
            day.weekday() in self.weekdays
            or day in self.dates
            or any(first <= day <= last for first, last in self.ranges)
        )


Calendars = Mapping[str, Calendar]


@dataclass(frozen=True, slots=True)
class Exclusions:
    """What the calendars of one timetable leave out."""

    calendars: tuple[Calendar, ...] = ()
    zone: str = "UTC"
    kept: frozenset[datetime] = field(default_factory=frozenset)

    def calendar_of(self, moment: datetime) -> str | None:
        """The calendar that excludes a fire time, None when it may run."""
        if not self.calendars or moment in self.kept:
            return None
        excluding = (
            calendar.name
            for calendar in self.calendars
            if calendar.covers(moment.astimezone(self._zone_of(calendar)).date())
        )
        return next(excluding, None)

    def spans(self, first: datetime, last: datetime) -> tuple[Span, ...]:
        """The excluded stretches between two moments, in order and apart from each other; ends not included."""
        found: list[Span] = []
        for start, stop in sorted(span for each in self.calendars for span in self._days(each, first, last)):
            if found and start <= found[-1][1]:
                found[-1] = (found[-1][0], max(stop, found[-1][1]))
            else:
                found.append((start, stop))
        return tuple(found)

    def _days(self, calendar: Calendar, first: datetime, last: datetime) -> Iterator[Span]:
        zone = self._zone_of(calendar)
        day, end = first.astimezone(zone).date(), last.astimezone(zone).date()
        while day <= end:
            if calendar.covers(day):
                yield _midnight(day, zone), _midnight(day + _DAY, zone)
            day += _DAY

    def _zone_of(self, calendar: Calendar) -> ZoneInfo:
        return ZoneInfo(calendar.zone or self.zone)


NOTHING_EXCLUDED = Exclusions()


def exclusions_of(spec: TimetableSpec, calendars: Calendars) -> Exclusions:
    """What is left out of a timetable; MissingCalendar when one that it names is not there."""
    if not spec.calendars:
        return NOTHING_EXCLUDED
    missing = [name for name in spec.calendars if name not in calendars]
    if missing:
        fault = FieldError("timetable.calendars", f"There is no calendar {missing[0]}; create it first.")
        raise MissingCalendar(
            f"The timetable names the calendar {missing[0]}, which does not exist or cannot be read.", [fault]
        )
    return Exclusions(tuple(calendars[name] for name in spec.calendars), spec.zone, frozenset(spec.also_at))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
