"""The calendars that due schedules name, each read once per tick."""

from collections.abc import Iterable

from carillon.domain.calendars import Calendar, Calendars
from carillon.domain.schedule import Schedule
from carillon.ports.schedules import ScheduleStore


class CalendarReader:
    """Keeps what it has read, and what it has not found; one reader is one tick's."""

    def __init__(self, schedules: ScheduleStore) -> None:
        self._schedules = schedules
        self._asked: set[str] = set()
        self._known: dict[str, Calendar] = {}

    def of(self, schedules: Iterable[Schedule]) -> Calendars:
        """Every calendar that is known after reading those which these schedules name; Throttled, Unavailable."""
        names = {name for schedule in schedules for name in schedule.timetable.calendars} - self._asked
        if names:
            self._known.update(self._schedules.calendars(sorted(names)))
            self._asked |= names
        return self._known
