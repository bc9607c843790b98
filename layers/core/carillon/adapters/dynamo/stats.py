"""Stats rows over DynamoDB: part s and the hour, beside the head of their schedule."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from carillon.adapters.dynamo.database import ConditionFailed, Database
from carillon.adapters.dynamo.expressions import Expression
from carillon.adapters.dynamo.wire import Row, Wire, expiry, packed, text, whole
from carillon.domain.errors import MalformedRow
from carillon.domain.moments import from_rfc3339, to_rfc3339
from carillon.domain.run import RunState
from carillon.domain.stats import MARK_BYTES, Counts, HourKey, HourStats, LastRun

KEPT: Final = timedelta(days=90)
_HOUR: Final = "s%Y%m%d%H"
_logger = logging.getLogger(__name__)


class DynamoStats:
    """StatsStore over DynamoDB."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read_many(self, keys: Sequence[HourKey]) -> Mapping[HourKey, HourStats | None]:
        """BatchGetItem, consistent; rows that cannot be read are logged."""
        wanted = {_part(key.hour) + key.owner: key for key in keys}
        items = self._database.get_batch(
            self._database.schedules_table, [_key(key) for key in keys], consistent=True
        )
        return {wanted[item["part"]["S"] + item["schedule_id"]["S"]]: _maybe(item) for item in items}

    def save(self, row: HourStats) -> bool:
        """PutItem, if the version is the one before; a row's first version must find none."""
        expression = Expression()
        before = whole(row.version - 1) if row.version > 1 else None
        condition = expression.same("version", before)
        try:
            self._database.call(
                "put_item",
                TableName=self._database.schedules_table,
                Item=_item(row),
                ConditionExpression=condition,
                **expression.arguments(),
            )
        except ConditionFailed:
            return False
        return True

    def between(self, owner: str, first: datetime, last: datetime) -> Sequence[HourStats]:
        """Query of one owner's parts from the first hour to the last, eventually consistent."""
        expression = Expression()
        key = expression.compare("schedule_id", "=", text(owner))
        hours = expression.between("part", text(_part(first)), text(_part(last)))
        return list(self._readable(f"{key} AND {hours}", expression))

    def latest(self, owner: str, limit: int) -> Sequence[HourStats]:
        """Query of one owner's parts that begin with s, descending, eventually consistent."""
        expression = Expression()
        key = expression.compare("schedule_id", "=", text(owner))
        prefix = f"begins_with({expression.name('part')}, {expression.value(text('s'))})"
        pages = self._query(f"{key} AND {prefix}", expression, ScanIndexForward=False, Limit=limit)
        items, _ = next(pages)
        return [row for row in map(_maybe, items) if row is not None]

    def _readable(self, key: str, expression: Expression) -> Iterator[HourStats]:
        for items, _ in self._query(key, expression):
            yield from (row for row in map(_maybe, items) if row is not None)

    def _query(
        self, key: str, expression: Expression, **arguments: Any
    ) -> Iterator[tuple[list[Wire], Wire | None]]:
        return self._database.query(
            TableName=self._database.schedules_table,
            KeyConditionExpression=key,
            **expression.arguments(),
            **arguments,
        )


def _part(hour: datetime) -> str:
    return hour.astimezone(UTC).strftime(_HOUR)


def _key(key: HourKey) -> Wire:
    return {"schedule_id": text(key.owner), "part": text(_part(key.hour))}


def _item(row: HourStats) -> Wire:
    item = _key(row.key) | {
        "version": whole(row.version),
        "counts": packed({name: count for name, count in asdict(row.counts).items() if count}),
        "marks": {"B": b"".join(row.marks)},
        "expires_at": expiry(row.key.hour + KEPT),
    }
    if row.last_run is not None:
        last = row.last_run
        item["last_run"] = packed([last.run_id, str(last.state), to_rfc3339(last.ended_at)])
    return item


def _maybe(item: Wire) -> HourStats | None:
    try:
        return _read(item)
    except MalformedRow as error:
        _logger.warning(str(error), extra={"action": "row_left_out"})
        return None


def _read(item: Mapping[str, Mapping[str, Any]]) -> HourStats:
    owner, part = str(item["schedule_id"]["S"]), str(item["part"]["S"])
    row = Row(item, f"Stats {owner} {part}")
    try:
        hour = datetime.strptime(part, _HOUR).replace(tzinfo=UTC)
        known = {each.name for each in fields(Counts)}
        counts = Counts(**{name: int(n) for name, n in row.mapping("counts").items() if name in known})
        last = row.texts("last_run")
        last_run = LastRun(last[0], RunState(last[1]), from_rfc3339(last[2])) if last else None
        blob = bytes(item["marks"]["B"])
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise error if isinstance(error, MalformedRow) else MalformedRow(f"{row.name}: {error}.") from None
    marks = tuple(blob[first : first + MARK_BYTES] for first in range(0, len(blob), MARK_BYTES))
    return HourStats(HourKey(owner, hour), counts, last_run, marks, row.whole("version"))
