"""Short-lived facts in the Guards table: one row each, swapped on condition, its end part of every condition."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from carillon.adapters.dynamo.database import ConditionFailed, Database
from carillon.adapters.dynamo.expressions import Expression
from carillon.adapters.dynamo.wire import Row, Wire, expiry, moment, packed, text
from carillon.domain.moments import to_ms
from carillon.ports.guards import Fact


class DynamoFacts:
    """Facts over DynamoDB."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, key: str, now: datetime) -> Fact | None:
        """GetItem, consistent; MalformedRow."""
        item = self._database.get(self._database.guards_table, _key(key))
        return None if item is None else _fact(key, item, now)

    def read_many(self, keys: Sequence[str], now: datetime) -> Mapping[str, Fact]:
        """BatchGetItem, consistent; MalformedRow."""
        wanted = [_key(key) for key in dict.fromkeys(keys)]
        found: dict[str, Fact] = {}
        for item in self._database.get_batch(self._database.guards_table, wanted, consistent=True):
            key = str(item["guard"]["S"]).removeprefix("fact#")
            fact = _fact(key, item, now)
            if fact is not None:
                found[key] = fact
        return found

    def swap(self, key: str, before: Fact | None, after: Fact, now: datetime) -> bool:
        """UpdateItem on condition of the stamp."""
        expression = Expression()
        update = expression.update(
            {
                "value": packed(dict(after.value)),
                "until": moment(after.until),
                "stamp": text(after.stamp),
                "expires_at": expiry(after.until),
            }
        )
        if before is None:
            is_free = f"{expression.absent('stamp')} OR {expression.compare('until', '<=', moment(now))}"
        else:
            is_free = expression.compare("stamp", "=", text(before.stamp))
        is_mine = expression.compare("stamp", "=", text(after.stamp))
        try:
            self._database.call(
                "update_item",
                TableName=self._database.guards_table,
                Key=_key(key),
                UpdateExpression=update,
                ConditionExpression=f"{is_free} OR {is_mine}",
                **expression.arguments(),
            )
        except ConditionFailed:
            return False
        return True


def _fact(key: str, item: Wire, now: datetime) -> Fact | None:
    row = Row(item, f"Fact {key}")
    if row.whole("until") <= to_ms(now):
        return None
    return Fact(row.mapping("value"), row.moment("until"), row.text("stamp"))


def _key(key: str) -> Wire:
    return {"guard": text(f"fact#{key}")}
