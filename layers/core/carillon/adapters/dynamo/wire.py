"""DynamoDB's wire form, written and read by hand: a few plain types, and errors that name the attribute.

boto3's general TypeSerializer costs more than the call's signature; rows here hold texts, whole numbers, moments in
epoch milliseconds, flags, and compact JSON texts.
"""

import json
import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias

from carillon.domain.errors import MalformedRow
from carillon.domain.moments import from_ms, to_ms

Value: TypeAlias = dict[str, Any]
Wire: TypeAlias = dict[str, Value]

_LONG_TEXT: Final = 32_768
_MOST_UNFOLDED: Final = 4_194_304


def text(value: str) -> Value:
    """A text."""
    return {"S": value}


def whole(value: int) -> Value:
    """A whole number."""
    return {"N": str(value)}


def moment(value: datetime) -> Value:
    """A moment, as epoch milliseconds."""
    return {"N": str(to_ms(value))}


def expiry(value: datetime) -> Value:
    """When TTL may clear a row away, as epoch seconds, rounded up."""
    return {"N": str(-(-to_ms(value) // 1000))}


def packed(value: object) -> Value:
    """Any JSON value, as compact text, compressed where that text is long: a row ends at 400 KB."""
    found = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return {"S": found} if len(found) <= _LONG_TEXT else {"B": zlib.compress(found.encode())}


def shard_of(key: str, shards: int) -> str:
    """The index partition that a key belongs to, the same in every process and for ever."""
    return str(zlib.crc32(key.encode()) % shards)


def _unsqueezed(data: bytes) -> str:
    # A row that anybody may have written must not unfold to more than any document is allowed.
    unfolding = zlib.decompressobj()
    found = unfolding.decompress(data, _MOST_UNFOLDED)
    if unfolding.unconsumed_tail:
        raise ValueError("it unfolds to too much")
    return found.decode()


class Row:
    """A stored row being read; every fault is a MalformedRow that names the row and the attribute."""

    __slots__ = ("_item", "name")

    def __init__(self, item: Mapping[str, Mapping[str, Any]], name: str) -> None:
        self._item = item
        self.name = name

    def fault(self, attribute: str, what: str) -> MalformedRow:
        """The error for an attribute that cannot be used."""
        return MalformedRow(f"{self.name}: attribute '{attribute}' {what}.")

    def maybe_text(self, attribute: str) -> str | None:
        """A text, or None where the attribute is absent."""
        value = self._item.get(attribute)
        if value is None:
            return None
        found = value.get("S")
        if not isinstance(found, str):
            raise self.fault(attribute, "is not a text")
        return found

    def text(self, attribute: str) -> str:
        """A text that must be there."""
        found = self.maybe_text(attribute)
        if found is None:
            raise self.fault(attribute, "is missing")
        return found

    def maybe_whole(self, attribute: str) -> int | None:
        """A whole number, or None where the attribute is absent."""
        value = self._item.get(attribute)
        if value is None:
            return None
        try:
            return int(value["N"])
        except (KeyError, ValueError, TypeError):
            raise self.fault(attribute, "is not a whole number") from None

    def whole(self, attribute: str) -> int:
        """A whole number that must be there."""
        found = self.maybe_whole(attribute)
        if found is None:
            raise self.fault(attribute, "is missing")
        return found

    def maybe_moment(self, attribute: str) -> datetime | None:
        """A moment, or None where the attribute is absent."""
        found = self.maybe_whole(attribute)
        if found is None:
            return None
        try:
            return from_ms(found)
        except OverflowError:
            raise self.fault(attribute, "is not a moment") from None

    def moment(self, attribute: str) -> datetime:
        """A moment that must be there."""
        found = self.maybe_moment(attribute)
        if found is None:
            raise self.fault(attribute, "is missing")
        return found

    def flag(self, attribute: str) -> bool:
        """A flag; false where the attribute is absent."""
        value = self._item.get(attribute, {"BOOL": False})
        found = value.get("BOOL")
        if not isinstance(found, bool):
            raise self.fault(attribute, "is not a flag")
        return found

    def maybe_bytes(self, attribute: str) -> bytes | None:
        """Bytes, None where they are absent."""
        value = self._item.get(attribute)
        if value is None:
            return None
        found = value.get("B")
        if not isinstance(found, bytes):
            raise self.fault(attribute, "is not bytes")
        return found

    def mapping(self, attribute: str) -> dict[str, Any]:
        """A JSON object; empty where the attribute is absent."""
        value = self._json(attribute)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.fault(attribute, "is not a JSON object")
        return value

    def texts(self, attribute: str) -> tuple[str, ...]:
        """A JSON list of texts; empty where the attribute is absent."""
        value = self._json(attribute)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
            raise self.fault(attribute, "is not a JSON list of texts")
        return tuple(value)

    def any_json(self, attribute: str) -> Any:
        """Any JSON value that must be there."""
        if attribute not in self._item:
            raise self.fault(attribute, "is missing")
        return self._json(attribute)

    def _json(self, attribute: str) -> Any:
        squeezed = self._item.get(attribute, {}).get("B")
        try:
            found = _unsqueezed(squeezed) if squeezed is not None else self.maybe_text(attribute)
            return json.loads(found) if found is not None else None
        except (ValueError, RecursionError, TypeError, zlib.error):
            raise self.fault(attribute, "is not JSON") from None

    def values(self, attribute: str) -> list[Mapping[str, Any]]:
        """A list's values in wire form; empty where the attribute is absent."""
        value = self._item.get(attribute, {"L": []})
        found = value.get("L")
        if not isinstance(found, list):
            raise self.fault(attribute, "is not a list")
        return found
