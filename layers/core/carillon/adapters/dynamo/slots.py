"""Overlap slots over the Guards table: one row per schedule, compared and swapped by its whole value.

Keys of runs hold no space, so that each list is one text. A held slot never expires; an empty row is cleared away.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from carillon.adapters.dynamo.database import ConditionFailed, Database
from carillon.adapters.dynamo.expressions import Expression
from carillon.adapters.dynamo.wire import Row, Value, Wire, text, whole
from carillon.domain.moments import EPOCH
from carillon.domain.overlap import EMPTY, Slot

_EMPTY_KEPT: Final = timedelta(days=1)


class DynamoSlots:
    """SlotStore over DynamoDB."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, schedule_id: str) -> Slot:
        """GetItem, consistent."""
        item = self._database.get(self._database.guards_table, _key(schedule_id))
        return _slot(item, schedule_id)

    def swap(self, schedule_id: str, before: Slot, after: Slot, now: datetime) -> Slot | None:
        """UpdateItem if holders and waiters are as in `before`; the failed condition answers the row."""
        expression = Expression()
        old, new = _values(before), _values(after)
        condition = " AND ".join(expression.same(name, old[name]) for name in old)
        expires_at = whole((now + _EMPTY_KEPT - EPOCH) // timedelta(seconds=1)) if after == EMPTY else None
        try:
            self._database.call(
                "update_item",
                TableName=self._database.guards_table,
                Key=_key(schedule_id),
                UpdateExpression=expression.update(new | {"expires_at": expires_at}),
                ConditionExpression=condition,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **expression.arguments(),
            )
        except ConditionFailed as failed:
            return _slot(failed.item, schedule_id)
        return None


def _key(schedule_id: str) -> Wire:
    return {"guard": text(f"slot#{schedule_id}")}


def _values(slot: Slot) -> dict[str, Value | None]:
    return {
        "holders": text(" ".join(slot.holders)) if slot.holders else None,
        "waiters": text(" ".join(slot.waiters)) if slot.waiters else None,
    }


def _slot(item: dict[str, Any] | None, schedule_id: str) -> Slot:
    row = Row(item or {}, f"Slot of {schedule_id}")
    return Slot(*(tuple((row.maybe_text(name) or "").split()) for name in ("holders", "waiters")))
