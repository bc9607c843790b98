"""JSON values and texts inside rows that only those open who may: sealed under a purpose, bound to their row."""

from collections.abc import Mapping
from typing import Any

from carillon.adapters.dynamo.database import Database
from carillon.adapters.dynamo.wire import Row, Value, packed
from carillon.domain.errors import MalformedRow, SealError

Context = Mapping[str, str]


def sealed_json(database: Database, value: object, context: Context) -> Value:
    """The attribute: the value's packed form, its kind in the first byte, sealed."""
    ((kind, data),) = packed(value).items()
    plain = data.encode() if isinstance(data, str) else bytes(data)
    return {"B": database.sealing.keyring.seal(kind.encode() + plain, context)}


def opened_json(database: Database, attribute: Mapping[str, Any] | None, name: str, context: Context) -> Any:
    """The value; MalformedRow when it was altered, or sealed for another row."""
    try:
        text = database.sealing.keyring.open(bytes((attribute or {})["B"]), context)
    except (KeyError, TypeError):
        raise MalformedRow(f"{name} is not sealed.") from None
    except SealError as error:
        raise MalformedRow(f"{name} cannot be opened. {error}") from None
    kind, plain = text[:1].decode("ascii", "replace"), text[1:]
    value = {kind: plain if kind == "B" else plain.decode(errors="replace")}
    return Row({"value": value}, name).any_json("value")
