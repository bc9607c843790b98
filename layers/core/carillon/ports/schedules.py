"""The Schedules table: heads, revisions, calendars and the claim."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from carillon.domain.audit import AuditEntry
from carillon.domain.calendars import Calendar, Calendars
from carillon.domain.claim import Claim, ClaimVerdict
from carillon.domain.job import Revision
from carillon.domain.run import Run
from carillon.domain.run_id import RunId
from carillon.domain.schedule import Schedule
from carillon.ports.pages import Page


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A head in the due index that cannot be read; `due_at_ms` is its index key as stored."""

    schedule_id: str
    due_at_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class Change:
    """One operator write: the head, perhaps a new revision, the fire times it jumps over, and its audit row.

    `before` is the head as read (None: the id must be unused); the write holds only if head_version,
    generation and next_fire_at are still those. `runs` are put if absent.
    """

    before: Schedule | None
    after: Schedule
    audit: AuditEntry
    revision: Revision | None = None
    runs: tuple[Run, ...] = ()


DUE_PAGE: Final = 500
"""How many heads a page of the due index has, unless told."""


class ScheduleStore(Protocol):
    """The Schedules table: heads, revisions, and the claim."""

    def due_before(
        self, shard: int, horizon: datetime, page: int = DUE_PAGE
    ) -> Iterator[Sequence[Schedule | BrokenRow]]:
        """Pages of heads with due_at ≤ horizon, earliest first, from the eventually consistent due index.

        Carries what `plan` needs, not owner, tags or alerts.
        """

    def head(self, schedule_id: str) -> Schedule | None:
        """The head as of now (consistent), a tombstone (state deleted) included; MalformedRow."""

    def heads(self, schedule_ids: Sequence[str]) -> Mapping[str, Schedule]:
        """Up to 100 heads at once, eventually consistent; those that do not exist are left out."""

    def revision(self, schedule_id: str, number: int) -> Revision:
        """An immutable revision; RevisionNotFound, MalformedRow."""

    def revisions(
        self, schedule_id: str, limit: int, start: Mapping[str, Any] | None = None
    ) -> Page[Revision]:
        """The revisions, newest first."""

    def page(self, shard: int, limit: int, start: Mapping[str, Any] | None = None) -> Page[str]:
        """Ids of one catalog shard in id order, deleted ones left out."""

    def commit(self, claims: Sequence[Claim]) -> Sequence[ClaimVerdict] | None:
        """Writes the claims in one transaction of at most MAX_ACTIONS actions: all (None) or nothing.

        When nothing was written, one verdict per claim in the same order.
        """

    def write(self, change: Change) -> frozenset[RunId] | None:
        """One transaction: head, revision, run rows, audit. None when written.

        When only run rows stood in the way, nothing is written and their ids are answered.
        Raises LostRace when the head is no longer `before`, ScheduleExists when it should not exist.
        """

    def calendars(self, names: Collection[str]) -> Calendars:
        """The calendars of these names as of now (consistent); those missing or unreadable are left out."""

    def calendar_page(self, limit: int, start: Mapping[str, Any] | None = None) -> Page[Calendar]:
        """All calendars in the order of their names."""

    def save_calendar(self, calendar: Calendar, audit: AuditEntry, *, replaces: int | None) -> None:
        """Writes calendar and audit row together if its version still is `replaces` (None: unused name); LostRace."""

    def remove_calendar(self, name: str, audit: AuditEntry, *, replaces: int) -> None:
        """Removes the calendar and writes the audit row together if its version still is `replaces`; LostRace."""

    def followers(self, schedule_id: str) -> Sequence[str]:
        """Ids of schedules that run, or once ran, after this one (consistent)."""

    def mark_broken(self, row: BrokenRow, now: datetime) -> None:
        """Takes an unreadable head out of the due index with its reason; nothing if it has moved meanwhile."""
