"""Backfills over DynamoDB: part b and the id, beside the head of their schedule.

An active one stands in the due index too, in a partition of its own: the tick's query of due schedules never meets it,
and progress moves none of its index's attributes.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from carillon.adapters.dynamo.audit import write_audited
from carillon.adapters.dynamo.database import ConditionFailed, Database
from carillon.adapters.dynamo.expressions import Expression
from carillon.adapters.dynamo.timetable_text import read_timetable, write_timetable
from carillon.adapters.dynamo.wire import Row, Value, Wire, expiry, moment, packed, text, whole
from carillon.domain.audit import AuditEntry
from carillon.domain.backfill import Backfill, BackfillState, Order, Reprocess
from carillon.domain.errors import BackfillNotFound, LostRace, MalformedRow
from carillon.ports.pages import Page

ACTIVE_SHARD: Final = "backfill"
KEPT: Final = timedelta(days=90)
_WHOLES: Final = (
    "generation", "max_concurrent", "fire_times", "looked_at", "succeeded", "failed", "not_run", "version",
)  # fmt: skip
_logger = logging.getLogger(__name__)


class DynamoBackfills:
    """BackfillStore over DynamoDB."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, backfill: Backfill, audit: AuditEntry) -> None:
        """TransactWriteItems of the row, which must be absent, and the audit row."""
        expression = Expression()
        action = {"Put": self._put(backfill, expression.absent("part"), expression)}
        if not write_audited(self._database, action, audit):
            raise _moved(backfill)

    def get(self, schedule_id: str, backfill_id: str) -> Backfill:
        """GetItem, consistent."""
        item = self._database.get(self._database.schedules_table, _key(schedule_id, backfill_id))
        if item is None:
            raise BackfillNotFound(f"Schedule {schedule_id} has no backfill {ascii(backfill_id)[1:-1]:.40}.")
        return _read(item)

    def page(self, schedule_id: str, limit: int, start: Mapping[str, Any] | None = None) -> Page[Backfill]:
        """Query of one schedule's parts that begin with b, descending, eventually consistent."""
        items, last = next(self._of(schedule_id, Expression(), start, ScanIndexForward=False, Limit=limit))
        return Page(_readable(items), last)

    def active_of(self, schedule_id: str) -> Sequence[Backfill]:
        """The same Query, consistent, filtered by state."""
        expression = Expression()
        is_active = expression.compare("progress", "=", text(BackfillState.ACTIVE.value))
        pages = self._of(schedule_id, expression, None, ConsistentRead=True, FilterExpression=is_active)
        return [backfill for items, _ in pages for backfill in _readable(items)]

    def active(self, limit: int) -> Sequence[tuple[str, str]]:
        """Query of `due`: due_shard = backfill, ascending by due_at; eventually consistent."""
        expression = Expression()
        key = expression.compare("due_shard", "=", text(ACTIVE_SHARD))
        pages = self._database.query(
            TableName=self._database.schedules_table,
            IndexName="due",
            KeyConditionExpression=key,
            Limit=limit,
            **expression.arguments(),
        )
        items, _ = next(pages)
        return [(item["schedule_id"]["S"], item["part"]["S"][1:]) for item in items]

    def save(self, before: Backfill, after: Backfill, audit: AuditEntry | None = None) -> None:
        """PutItem, if the version is as read; with an audit entry TransactWriteItems of both. LostRace.

        A repeat of this very write by the SDK is a LostRace too: whoever saves reads again and finds it done.
        """
        expression = Expression()
        put = self._put(after, expression.same("version", whole(before.version)), expression)
        if audit is not None:
            if not write_audited(self._database, {"Put": put}, audit):
                raise _moved(after)
            return
        try:
            self._database.call("put_item", **put)
        except ConditionFailed:
            raise _moved(after) from None

    def _put(self, backfill: Backfill, condition: str, expression: Expression) -> dict[str, Any]:
        return {
            "TableName": self._database.schedules_table,
            "Item": _item(backfill),
            "ConditionExpression": condition,
            **expression.arguments(),
        }

    def _of(
        self, schedule_id: str, expression: Expression, start: Mapping[str, Any] | None, **arguments: Any
    ) -> Any:
        key = expression.compare("schedule_id", "=", text(schedule_id))
        prefix = f"begins_with({expression.name('part')}, {expression.value(text('b'))})"
        return self._database.query(
            start=start,
            TableName=self._database.schedules_table,
            KeyConditionExpression=f"{key} AND {prefix}",
            **expression.arguments(),
            **arguments,
        )


def _moved(backfill: Backfill) -> LostRace:
    return LostRace(f"Backfill {backfill.backfill_id} was moved on meanwhile.")


def _key(schedule_id: str, backfill_id: str) -> Wire:
    return {"schedule_id": text(schedule_id), "part": text(f"b{backfill_id}")}


def _item(backfill: Backfill) -> Wire:
    # Other names than a head's where the due index carries them: progress is then no write to the index.
    item: Wire = _key(backfill.schedule_id, backfill.backfill_id) | {
        "progress": text(backfill.state.value),
        "spec": text(write_timetable(backfill.timetable)),
        "first": moment(backfill.first),
        "last": moment(backfill.last),
        "sequence": text(backfill.order.value),
        "reprocess": text(backfill.reprocess.value),
        "created_by": text(backfill.created_by),
        "begun_at": moment(backfill.created_at),
        "open": packed(list(backfill.open)),
    }
    item |= {name: whole(getattr(backfill, name)) for name in _WHOLES}
    item |= {} if backfill.cursor is None else {"cursor": moment(backfill.cursor)}
    item |= {} if backfill.reason is None else {"why": text(backfill.reason[:400])}
    return item | _standing(backfill)


def _standing(backfill: Backfill) -> dict[str, Value]:
    if backfill.ended_at is None:
        return {"due_shard": text(ACTIVE_SHARD), "due_at": moment(backfill.created_at)}
    return {"ended_at": moment(backfill.ended_at), "expires_at": expiry(backfill.ended_at + KEPT)}


def _readable(items: Sequence[Wire]) -> tuple[Backfill, ...]:
    found = []
    for item in items:
        try:
            found.append(_read(item))
        except MalformedRow as error:
            _logger.warning(str(error), extra={"action": "row_left_out"})
    return tuple(found)


def _read(item: Mapping[str, Mapping[str, Any]]) -> Backfill:
    schedule_id, backfill_id = str(item["schedule_id"]["S"]), str(item["part"]["S"])[1:]
    row = Row(item, f"Backfill {backfill_id} of {schedule_id}")
    try:
        return Backfill(
            schedule_id=schedule_id,
            backfill_id=backfill_id,
            timetable=read_timetable(row.text("spec")),
            first=row.moment("first"),
            last=row.moment("last"),
            order=Order(row.text("sequence")),
            reprocess=Reprocess(row.text("reprocess")),
            created_by=row.text("created_by"),
            created_at=row.moment("begun_at"),
            cursor=row.maybe_moment("cursor"),
            open=row.texts("open"),
            state=BackfillState(row.text("progress")),
            reason=row.maybe_text("why"),
            ended_at=row.maybe_moment("ended_at"),
            **{name: row.whole(name) for name in _WHOLES},
        )
    except (ValueError, TypeError) as error:
        raise error if isinstance(error, MalformedRow) else MalformedRow(f"{row.name}: {error}.") from None
