"""The secret behind the cursors of lists: one row of Access, made at first use, wrapped by KMS."""

from typing import Final, Protocol

from carillon.adapters.dynamo.database import ConditionFailed, Database
from carillon.adapters.dynamo.expressions import Expression
from carillon.adapters.dynamo.wire import Wire, text

_ROW: Final[Wire] = {"kind": text("key"), "id": text("cursor")}


class DataKeys(Protocol):
    """Makes and opens wrapped keys."""

    def wrapped_key(self) -> bytes:
        """A fresh key of 32 bytes, wrapped."""

    def unwrapped(self, wrapped: bytes) -> bytes:
        """The key itself."""


class DynamoCursorKeys:
    """CursorKeys over DynamoDB and KMS; read once per container."""

    def __init__(self, database: Database, data_keys: DataKeys) -> None:
        self._database = database
        self._data_keys = data_keys
        self._key: bytes | None = None

    def cursor_key(self) -> bytes:
        """GetItem, and PutItem if absent the first time; whoever is second takes the first one's key."""
        if self._key is None:
            item = self._read() or self._make()
            self._key = self._data_keys.unwrapped(item["wrapped"]["B"])
        return self._key

    def _read(self) -> Wire | None:
        return self._database.get(self._database.access_table, _ROW)

    def _make(self) -> Wire:
        item = {**_ROW, "wrapped": {"B": self._data_keys.wrapped_key()}}
        expression = Expression()
        condition = expression.absent("kind")
        try:
            self._database.call(
                "put_item",
                TableName=self._database.access_table,
                Item=item,
                ConditionExpression=condition,
                **expression.arguments(),
            )
        except ConditionFailed:
            return self._read() or item
        return item
