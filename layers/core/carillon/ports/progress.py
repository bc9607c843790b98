"""Counting ended runs, and backfills on their way."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from carillon.domain.audit import AuditEntry
from carillon.domain.backfill import Backfill
from carillon.domain.stats import HourKey, HourStats
from carillon.ports.pages import Page


class StatsStore(Protocol):
    """The hourly stats rows, in the Schedules table."""

    def read_many(self, keys: Sequence[HourKey]) -> Mapping[HourKey, HourStats | None]:
        """The rows as of now (consistent), in hundreds: none for one that cannot be read, no entry for one absent."""

    def save(self, row: HourStats) -> bool:
        """Whether the row was written: it is, over the version before its own (none for version 1)."""

    def between(self, owner: str, first: datetime, last: datetime) -> Sequence[HourStats]:
        """One owner's rows of the hours from first to last, oldest first."""

    def latest(self, owner: str, limit: int) -> Sequence[HourStats]:
        """One owner's newest rows, newest first."""


class BackfillStore(Protocol):
    """The backfills of schedules, in the Schedules table."""

    def create(self, backfill: Backfill, audit: AuditEntry) -> None:
        """Writes a new backfill and its audit row as one transaction."""

    def get(self, schedule_id: str, backfill_id: str) -> Backfill:
        """The backfill as of now (consistent); BackfillNotFound, MalformedRow."""

    def page(self, schedule_id: str, limit: int, start: Mapping[str, Any] | None = None) -> Page[Backfill]:
        """A schedule's backfills, newest first."""

    def active_of(self, schedule_id: str) -> Sequence[Backfill]:
        """Those of a schedule that are not over (consistent)."""

    def active(self, limit: int) -> Sequence[tuple[str, str]]:
        """Schedule and backfill ids of those that are not over, oldest first; a hint (eventually consistent)."""

    def save(self, before: Backfill, after: Backfill, audit: AuditEntry | None = None) -> None:
        """Writes `after` over the version that was read; with an audit entry as one transaction. LostRace."""
