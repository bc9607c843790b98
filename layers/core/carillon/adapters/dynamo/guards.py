"""The Guards table over DynamoDB: windows of failures.

A window's end is part of every condition; expires_at only lets DynamoDB clear the row away later. A failure whose
answer was lost may be counted twice, which errs on the safe side.
"""

from datetime import datetime, timedelta
from typing import Final

from carillon.adapters.dynamo.database import ConditionFailed, Database
from carillon.adapters.dynamo.expressions import Expression
from carillon.adapters.dynamo.wire import Row, Value, Wire, expiry, moment, text, whole
from carillon.domain.errors import Throttled

_TRIES: Final = 4


class DynamoGuards:
    """Guards over DynamoDB."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record_failure(self, key: str, now: datetime, window_seconds: int) -> int:
        """UpdateItem: adds to the window that is open, else opens one; whoever opens it late adds to the other's."""
        for _ in range(_TRIES):
            counted = self._add(key, now)
            if counted is None:
                counted = self._open(key, now, window_seconds)
            if counted is not None:
                return counted
        raise Throttled(f"The failures of {key} are being counted by too many at once.")

    def take_back_failure(self, key: str, now: datetime) -> None:
        """UpdateItem, if the window is open and holds any."""
        expression = Expression()
        count = expression.name("count")
        is_open = expression.compare("until", ">", moment(now))
        holds_any = expression.compare("count", ">", whole(0))
        less = f"SET {count} = {count} - {expression.value(whole(1))}"
        self._update(key, less, f"{is_open} AND {holds_any}", expression)

    def _add(self, key: str, now: datetime) -> int | None:
        expression = Expression()
        count = expression.name("count")
        is_open = expression.compare("until", ">", moment(now))
        return self._update(key, f"SET {count} = {count} + {expression.value(whole(1))}", is_open, expression)

    def _open(self, key: str, now: datetime, window_seconds: int) -> int | None:
        until = now + timedelta(seconds=window_seconds)
        changes: dict[str, Value | None] = {
            "count": whole(1),
            "until": moment(until),
            "expires_at": expiry(until),
        }
        expression = Expression()
        is_over = f"{expression.absent('until')} OR {expression.compare('until', '<=', moment(now))}"
        return self._update(key, expression.update(changes), is_over, expression)

    def _update(self, key: str, update: str, condition: str, expression: Expression) -> int | None:
        try:
            answer = self._database.call(
                "update_item",
                TableName=self._database.guards_table,
                Key=_failures_key(key),
                UpdateExpression=update,
                ConditionExpression=condition,
                ReturnValues="ALL_NEW",
                **expression.arguments(),
            )
        except ConditionFailed:
            return None
        return Row(answer["Attributes"], f"Failures of {key}").whole("count")


def _failures_key(key: str) -> Wire:
    return {"guard": text(f"failures#{key}")}
