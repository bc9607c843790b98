"""Calendars as people manage them: create, read, list, replace, delete, each change with its audit row.

A change acts on fire times that are not claimed yet, up to three minutes from now; it touches no schedule. Who uses a
calendar is found by looking through the catalog: deleting one is rare, and no schedule's write pays for it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from carillon.domain.access import Principal
from carillon.domain.calendar_definition import calendar_document
from carillon.domain.calendars import Calendar
from carillon.domain.errors import CalendarExists, CalendarInUse, CalendarNotFound, LostRace, VersionMismatch
from carillon.domain.scope import Subject
from carillon.ports.pages import Page
from carillon.ports.schedules import ScheduleStore
from carillon.ports.world import Clock
from carillon.services.authorise import Permission, authorise
from carillon.services.journal import Journal

MAX_USERS_TOLD: Final = 10
_BATCH: Final = 100


class ManageCalendars:
    """The verbs of /v1/calendars."""

    def __init__(self, schedules: ScheduleStore, clock: Clock, journal: Journal, shards: int) -> None:
        self._schedules = schedules
        self._clock = clock
        self._journal = journal
        self._shards = shards

    def page(
        self, principal: Principal, limit: int, start: Mapping[str, Any] | None = None
    ) -> Page[Calendar]:
        """Calendars in the order of their names; Forbidden."""
        authorise(principal, Permission.READ_CALENDARS, Subject(""))
        return self._schedules.calendar_page(limit, start)

    def one(self, principal: Principal, name: str) -> Calendar:
        """One calendar; CalendarNotFound, Forbidden."""
        authorise(principal, Permission.READ_CALENDARS, Subject(name))
        return self._found(name)

    def create(self, principal: Principal, calendar: Calendar) -> Calendar:
        """A new calendar; CalendarExists, Forbidden."""
        authorise(principal, Permission.CREATE_CALENDARS, Subject(calendar.name))
        try:
            self._save(principal, "calendar.create", None, calendar)
        except LostRace:
            raise CalendarExists(
                f"The calendar {calendar.name} exists already; change it with PUT /v1/calendars/{calendar.name}."
            ) from None
        return calendar

    def replace(self, principal: Principal, calendar: Calendar, expected_version: int | None) -> Calendar:
        """The calendar with other days; CalendarNotFound, VersionMismatch, Forbidden."""
        authorise(principal, Permission.EDIT_CALENDARS, Subject(calendar.name))
        before = self._current(calendar.name, expected_version)
        after = replace(calendar, version=before.version + 1)
        try:
            self._save(principal, "calendar.replace", before, after)
        except LostRace:
            raise _changed() from None
        return after

    def delete(self, principal: Principal, name: str, expected_version: int | None) -> None:
        """Returns when it is gone; CalendarNotFound, VersionMismatch, CalendarInUse with who uses it, Forbidden."""
        authorise(principal, Permission.DELETE_CALENDARS, Subject(name))
        before = self._current(name, expected_version)
        users = sorted(self._users_of(name))
        if users:
            more = f" and {len(users) - MAX_USERS_TOLD} more" if len(users) > MAX_USERS_TOLD else ""
            raise CalendarInUse(
                f"The calendar {name} is used by {', '.join(users[:MAX_USERS_TOLD])}{more}; "
                "take it out of their timetables first."
            )
        audit = self._journal.entry(
            principal,
            "calendar.delete",
            f"calendar:{name}",
            self._clock.now(),
            before=calendar_document(before),
        )
        try:
            self._schedules.remove_calendar(name, audit, replaces=before.version)
        except LostRace:
            raise _changed() from None

    def _save(self, principal: Principal, action: str, before: Calendar | None, after: Calendar) -> None:
        audit = self._journal.entry(
            principal,
            action,
            f"calendar:{after.name}",
            after.updated_at,
            before=None if before is None else calendar_document(before),
            after=calendar_document(after),
        )
        self._schedules.save_calendar(after, audit, replaces=None if before is None else before.version)

    def _found(self, name: str) -> Calendar:
        calendar = self._schedules.calendars([name]).get(name)
        if calendar is None:
            raise CalendarNotFound(f"There is no calendar {ascii(name)[1:-1]:.64}.")
        return calendar

    def _current(self, name: str, expected_version: int | None) -> Calendar:
        calendar = self._found(name)
        if expected_version is not None and calendar.version != expected_version:
            raise _changed()
        return calendar

    def _users_of(self, name: str) -> Iterator[str]:
        for schedule_ids in self._all_ids():
            for head in self._schedules.heads(schedule_ids).values():
                if name in head.timetable.calendars:
                    yield head.schedule_id

    def _all_ids(self) -> Iterator[tuple[str, ...]]:
        for shard in range(self._shards):
            page = self._schedules.page(shard, _BATCH)
            yield page.items
            while page.next_key is not None:
                page = self._schedules.page(shard, _BATCH, page.next_key)
                yield page.items


def _changed() -> VersionMismatch:
    return VersionMismatch(
        "The calendar has changed since it was read: read it again and repeat the edit on what it says now."
    )
