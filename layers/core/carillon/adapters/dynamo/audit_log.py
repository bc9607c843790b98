"""The Audit table read back: by actor, by object, or by time, always newest first and from one place on.

An entry's moment_id is unique and orders all entries, so that one text says where any list goes on.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from heapq import merge
from itertools import islice
from typing import Any, Final

from carillon.adapters.dynamo.audit import audit_action, read_audit
from carillon.adapters.dynamo.database import ConditionFailed, Database
from carillon.adapters.dynamo.expressions import Expression
from carillon.adapters.dynamo.wire import Wire, text
from carillon.domain.audit import AuditEntry
from carillon.domain.audit_query import AuditQuery, time_key
from carillon.ports.pages import Page

MAX_DAYS: Final = 31
"""How many days one page of all entries looks back; the list goes on from there."""


class DynamoAuditLog:
    """AuditLog and AuditRows over DynamoDB."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, entry: AuditEntry) -> None:
        """PutItem, if absent; an entry that is there already is this one."""
        try:
            self._database.call("put_item", **audit_action(self._database, entry)["Put"])
        except ConditionFailed:
            return

    def page(self, query: AuditQuery, limit: int, start: Mapping[str, Any] | None = None) -> Page[AuditEntry]:
        """Query of an index and BatchGetItem, or Query of the days' partitions; MalformedRow."""
        first, before = time_key(query.first), start["before"] if start else time_key(query.last)
        for name, value in (("actor", query.actor), ("object", query.object)):
            if value is not None:
                return self._of(name, value, first, before, limit)
        return self._all(query, first, before, limit)

    def of_day(self, day: date) -> Iterator[AuditEntry]:
        """Query of the day's partitions, consistent; MalformedRow."""
        for shard in range(self._database.shards):
            expression = Expression()
            condition = expression.compare("day_shard", "=", text(f"{day:%Y%m%d}#{shard}"))
            pages = self._database.query(
                TableName=self._database.audit_table,
                KeyConditionExpression=condition,
                ConsistentRead=True,
                **expression.arguments(),
            )
            yield from (read_audit(item) for items, _ in pages for item in items)

    def _of(self, name: str, value: str, first: str, before: str, limit: int) -> Page[AuditEntry]:
        rows = self._rows(name, value, first, before, limit, index=f"by_{name}")
        keys = list(islice(rows, limit + 1))
        full = self._database.get_batch(
            self._database.audit_table, [_key(item) for item in keys[:limit]], consistent=False
        )
        found = sorted(full, key=_place, reverse=True)
        last = _place(keys[limit - 1]) if len(keys) > limit else None
        return _page(found, last)

    def _all(self, query: AuditQuery, first: str, before: str, limit: int) -> Page[AuditEntry]:
        day, oldest = _day_of(before), query.first.date()
        found: list[Wire] = []
        for _ in range(MAX_DAYS):
            shards = [
                self._rows("day_shard", f"{day:%Y%m%d}#{shard}", first, before, limit + 1 - len(found))
                for shard in range(self._database.shards)
            ]
            found += islice(merge(*shards, key=_place, reverse=True), limit + 1 - len(found))
            if len(found) > limit:
                return _page(found[:limit], _place(found[limit - 1]))
            if day <= oldest:
                return _page(found, None)
            day -= timedelta(days=1)
        # Everything of the days looked at is in the page: the list goes on with the day before them.
        return _page(found, f"{day + timedelta(days=1):%Y%m%d}T")

    def _rows(
        self, key: str, value: str, first: str, before: str, limit: int, index: str | None = None
    ) -> Iterator[Wire]:
        expression = Expression()
        condition = expression.compare(key, "=", text(value))
        condition += f" AND {expression.between('moment_id', text(first), text(before))}"
        arguments: dict[str, Any] = {
            "TableName": self._database.audit_table,
            "KeyConditionExpression": condition,
            "ScanIndexForward": False,
            "Limit": limit + 1,
            **({"IndexName": index} if index else {}),
            **expression.arguments(),
        }
        pages = self._database.query(**arguments)
        # BETWEEN takes both ends, and the page before ended with `before` itself.
        return (item for items, _ in pages for item in items if _place(item) < before)


def _page(items: Sequence[Wire], last: str | None) -> Page[AuditEntry]:
    return Page(tuple(read_audit(item) for item in items), {"before": last} if last else None)


def _place(item: Wire) -> str:
    place: str = item["moment_id"]["S"]
    return place


def _key(item: Wire) -> Wire:
    return {name: item[name] for name in ("day_shard", "moment_id")}


def _day_of(place: str) -> date:
    return date(int(place[:4]), int(place[4:6]), int(place[6:8]))
