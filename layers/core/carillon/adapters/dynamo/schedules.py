"""The Schedules table over DynamoDB: heads by due time, catalog and id, their revisions, and the writes."""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from carillon.adapters.dynamo.calendars import (
    CALENDARS,
    is_removed,
    read_calendar,
    read_calendars,
    remove_calendar,
    save_calendar,
)
from carillon.adapters.dynamo.changes import due_at_ms, follower_partition, mark_head_broken, write_change
from carillon.adapters.dynamo.claims import commit_claims
from carillon.adapters.dynamo.database import Database
from carillon.adapters.dynamo.expressions import Expression
from carillon.adapters.dynamo.head_item import head_key, read_head
from carillon.adapters.dynamo.revision_item import read_revision, revision_key, verify_revision
from carillon.adapters.dynamo.wire import Wire, moment, text
from carillon.domain.audit import AuditEntry
from carillon.domain.calendars import Calendar, Calendars
from carillon.domain.claim import Claim, ClaimVerdict
from carillon.domain.errors import MalformedRow, RevisionNotFound
from carillon.domain.job import Revision
from carillon.domain.run_id import RunId
from carillon.domain.schedule import Schedule
from carillon.ports.pages import Page
from carillon.ports.schedules import DUE_PAGE, BrokenRow, Change

_logger = logging.getLogger(__name__)


class DynamoSchedules:
    """ScheduleStore over DynamoDB."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due_before(
        self, shard: int, horizon: datetime, page: int = DUE_PAGE
    ) -> Iterator[Sequence[Schedule | BrokenRow]]:
        """Query of `due`: due_shard = shard, due_at ≤ horizon, ascending; eventually consistent."""
        expression = Expression()
        key = expression.compare("due_shard", "=", text(str(shard)))
        pages = self._database.query(
            TableName=self._database.schedules_table,
            IndexName="due",
            KeyConditionExpression=f"{key} AND {expression.compare('due_at', '<=', moment(horizon))}",
            Limit=page,
            **expression.arguments(),
        )
        for items, _ in pages:
            if items:
                yield [_head_or_fault(item) for item in items]

    def head(self, schedule_id: str) -> Schedule | None:
        """GetItem, consistent; MalformedRow."""
        item = self._database.get(self._database.schedules_table, head_key(schedule_id))
        return read_head(item) if item is not None else None

    def heads(self, schedule_ids: Sequence[str]) -> Mapping[str, Schedule]:
        """BatchGetItem, eventually consistent; heads that cannot be read are logged and left out."""
        keys = [head_key(schedule_id) for schedule_id in dict.fromkeys(schedule_ids)]
        found: dict[str, Schedule] = {}
        for item in self._database.get_batch(self._database.schedules_table, keys, consistent=False):
            head = _head_or_fault(item)
            if isinstance(head, Schedule):
                found[head.schedule_id] = head
            else:
                _logger.warning(head.reason, extra={"action": "row_left_out"})
        return found

    def revision(self, schedule_id: str, number: int) -> Revision:
        """GetItem, consistent, for a head read consistently may name a revision of this instant."""
        item = self._database.get(self._database.schedules_table, revision_key(schedule_id, number))
        if item is None:
            raise RevisionNotFound(f"Schedule {schedule_id} has no revision {number}.")
        return self._revision(item)

    def revisions(
        self, schedule_id: str, limit: int, start: Mapping[str, Any] | None = None
    ) -> Page[Revision]:
        """Query of one schedule's parts that begin with r, descending."""
        expression = Expression()
        key = expression.compare("schedule_id", "=", text(schedule_id))
        prefix = f"begins_with({expression.name('part')}, {expression.value(text('r'))})"
        items, last = self._page(f"{key} AND {prefix}", expression, limit, start, ScanIndexForward=False)
        return Page(tuple(self._revision(item) for item in items), last)

    def page(self, shard: int, limit: int, start: Mapping[str, Any] | None = None) -> Page[str]:
        """Query of `catalog`: catalog_shard = shard, ascending by id."""
        expression = Expression()
        key = expression.compare("catalog_shard", "=", text(str(shard)))
        items, last = self._page(key, expression, limit, start, IndexName="catalog")
        return Page(tuple(item["schedule_id"]["S"] for item in items), last)

    def commit(self, claims: Sequence[Claim]) -> Sequence[ClaimVerdict] | None:
        """TransactWriteItems of every claim's rows and head."""
        return commit_claims(self._database, claims)

    def write(self, change: Change) -> frozenset[RunId] | None:
        """TransactWriteItems of head, audit, revision and rows; LostRace, ScheduleExists."""
        return write_change(self._database, change)

    def calendars(self, names: Collection[str]) -> Calendars:
        """BatchGetItem, consistent; calendars that cannot be read are logged and left out."""
        return read_calendars(self._database, names)

    def calendar_page(self, limit: int, start: Mapping[str, Any] | None = None) -> Page[Calendar]:
        """Query of the calendars' partition, ascending by name."""
        expression = Expression()
        key = expression.compare("schedule_id", "=", CALENDARS)
        items, last = self._page(key, expression, limit, start)
        return Page(tuple(read_calendar(item) for item in items if not is_removed(item)), last)

    def save_calendar(self, calendar: Calendar, audit: AuditEntry, *, replaces: int | None) -> None:
        """TransactWriteItems of calendar and audit; LostRace."""
        save_calendar(self._database, calendar, audit, replaces)

    def remove_calendar(self, name: str, audit: AuditEntry, *, replaces: int) -> None:
        """TransactWriteItems of the mark and audit; LostRace."""
        remove_calendar(self._database, name, audit, replaces)

    def followers(self, schedule_id: str) -> Sequence[str]:
        """Query of the partition of followers, consistent."""
        expression = Expression()
        key = expression.compare("schedule_id", "=", follower_partition(schedule_id)["schedule_id"])
        pages = self._database.query(
            TableName=self._database.schedules_table,
            KeyConditionExpression=key,
            ConsistentRead=True,
            **expression.arguments(),
        )
        return [str(item["part"]["S"]) for items, _ in pages for item in items]

    def mark_broken(self, row: BrokenRow, now: datetime) -> None:
        """UpdateItem, if the head still is unreadable and has not moved."""
        mark_head_broken(self._database, row, now)

    def _revision(self, item: Wire) -> Revision:
        verify_revision(item, self._database.sealing.rows)
        return read_revision(item)

    def _page(
        self, key: str, expression: Expression, limit: int, start: Mapping[str, Any] | None, **arguments: Any
    ) -> tuple[list[Wire], Wire | None]:
        pages = self._database.query(
            start=start,
            TableName=self._database.schedules_table,
            KeyConditionExpression=key,
            Limit=limit,
            **expression.arguments(),
            **arguments,
        )
        return next(pages)


def _head_or_fault(item: Wire) -> Schedule | BrokenRow:
    try:
        return read_head(item)
    except MalformedRow as error:
        return BrokenRow(item["schedule_id"]["S"], due_at_ms(item), str(error))
