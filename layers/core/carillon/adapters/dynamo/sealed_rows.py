"""Everything that is sealed in the tables, found by walking them, and put back one value at a time."""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from carillon.adapters.dynamo.database import ConditionFailed, Database
from carillon.adapters.dynamo.expressions import Expression
from carillon.adapters.dynamo.revision_item import read_revision
from carillon.adapters.dynamo.wire import Value, Wire, text
from carillon.domain.errors import MalformedRow
from carillon.domain.secrets import context_of
from carillon.ports.sealing import SealedPage, SealedValue

PAGE: Final = 200
_TABLES: Final = ("schedules_table", "access_table", "guards_table", "runs_table")
_KEYS: Final = {
    "schedules_table": ("schedule_id", "part"),
    "access_table": ("kind", "id"),
    "guards_table": ("guard",),
    "runs_table": ("schedule_id", "run_key"),
}


class DynamoSealedRows:
    """SealedRows over DynamoDB; `start` is a table and the key after which its walk goes on."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, start: Mapping[str, Any] | None = None) -> SealedPage:
        """Scan of at most PAGE rows of one table, consistent."""
        place = str(start["table"]) if start else _TABLES[0]
        after = {"ExclusiveStartKey": json.loads(str(start["after"]))} if start and start.get("after") else {}
        answer = self._database.call(
            "scan", TableName=getattr(self._database, place), Limit=PAGE, ConsistentRead=True, **after
        )
        values = [value for item in answer.get("Items", ()) for value in _sealed(place, item)]
        last = answer.get("LastEvaluatedKey")
        if last:
            return SealedPage(tuple(values), {"table": place, "after": json.dumps(last)})
        following = _TABLES.index(place) + 1
        done = following == len(_TABLES)
        return SealedPage(tuple(values), None if done else {"table": _TABLES[following]})

    def replace(self, value: SealedValue, sealed: bytes) -> bool:
        """UpdateItem of this one value, if it still is as it was read."""
        expression = Expression()
        path = ".".join(expression.name(part) for part in value.path)
        before, after = (_wire(value, each) for each in (value.sealed, sealed))
        try:
            self._database.call(
                "update_item",
                TableName=getattr(self._database, value.table),
                Key=dict(value.key),
                UpdateExpression=f"SET {path} = {expression.value(after)}",
                ConditionExpression=f"{path} = {expression.value(before)}",
                **expression.arguments(),
            )
        except ConditionFailed:
            return False
        return True


def _wire(value: SealedValue, sealed: bytes) -> Value:
    return text(base64.b64encode(sealed).decode()) if value.is_text else {"B": sealed}


def _sealed(table: str, item: Wire) -> Iterator[SealedValue]:
    key = {name: item[name] for name in _KEYS[table]}
    names = [str(value.get("S")) for value in key.values()]
    if table == "schedules_table" and names[1].startswith("r") and "secrets" in item:
        yield from _secrets(key, item)
    elif table == "access_table" and names[0] == "totp":
        for attribute in ("seed", "pending"):
            sealed = base64.b64decode(str(item.get(attribute, {}).get("S", "")))
            if sealed:
                context = {"purpose": "totp", "user": names[1]}
                yield SealedValue(table, key, (attribute,), sealed, context, is_text=True)
    elif table == "guards_table" and names[0].startswith("dead#") and "B" in item.get("body", {}):
        context = {"purpose": "dead-letter", "message": names[0].removeprefix("dead#")}
        yield SealedValue(table, key, ("body",), bytes(item["body"]["B"]), context)
    elif table == "runs_table" and names[0].startswith("output#") and "B" in item.get("output", {}):
        schedule_id, (run_key, _, attempt) = names[0].removeprefix("output#"), names[1].rpartition("#")
        context = {"purpose": "output", "run": f"{schedule_id}@{run_key}", "attempt": str(int(attempt))}
        yield SealedValue(table, key, ("output",), bytes(item["output"]["B"]), context)


def _secrets(key: Wire, item: Wire) -> Iterator[SealedValue]:
    try:
        revision = read_revision(item)
    except MalformedRow:
        return  # Nobody can use what nobody can read.
    for name, secret in revision.secrets.items():
        if secret.sealed is not None:
            context = context_of(revision.schedule_id, revision.generation, name, secret)
            path = ("secrets", name, "sealed")
            yield SealedValue("schedules_table", key, path, secret.sealed, context)
