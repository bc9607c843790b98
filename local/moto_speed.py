"""Every place where moto does work that it need not do, each with what that costs; no answer is another one for it.

Applied in the emulator's process, and by tests that have moto in their own.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import cache, wraps
from importlib import import_module
from typing import Any

_LARGEST_ITEM = 405_000
"""Bytes; where moto draws the line."""


@cache
def hurry() -> None:
    """Take moto's detours out; a second call does nothing."""
    _write_items_as_they_are()
    _weigh_an_item_once()
    _know_the_services_by_heart()


def _write_items_as_they_are() -> None:
    """moto asks six guessers for each of the ten types that an attribute might have: two thirds of a read."""
    serializer: Any = import_module("moto.core.serialize").BaseJSONSerializer
    by_its_model = serializer._serialize_type_map

    @wraps(by_its_model)
    def serialize_type_map(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
        if shape.value.name != "AttributeValue" or not _is_item(value):
            by_its_model(self, serialized, value, shape, key)
            return
        item = {name: _written(attribute) for name, attribute in value.items()}
        self._default_serialize(serialized, item, shape, key)

    serializer._serialize_type_map = serialize_type_map


def _is_item(value: Any) -> bool:
    return isinstance(value, dict) and all(type(each) is dict and len(each) == 1 for each in value.values())


def _bytes(value: bytes | str) -> str:
    return b64encode(value if isinstance(value, bytes) else value.encode()).decode()


_WRITTEN: Mapping[str, Callable[[Any], Any]] = {
    "S": str,
    "N": str,
    "B": _bytes,
    "SS": lambda values: [str(each) for each in values],
    "NS": lambda values: [str(each) for each in values],
    "BS": lambda values: [_bytes(each) for each in values],
    "L": lambda values: [_written(each) for each in values],
    "M": lambda values: {name: _written(each) for name, each in values.items()},
    "BOOL": bool,
    "NULL": bool,
}


def _written(attribute: Mapping[str, Any]) -> dict[str, Any]:
    """An attribute as DynamoDB writes it: its one type, and its value in JSON."""
    ((kind, value),) = attribute.items()
    return {kind: _WRITTEN[kind](value)}


def _weigh_an_item_once() -> None:
    """moto weighs all attributes anew with each one that it adds, and an item has thirty."""
    models: Any = import_module("moto.dynamodb.models.dynamo_type")
    too_large: Any = import_module("moto.dynamodb.exceptions").ItemSizeTooLarge

    def made(self: Any, hash_key: Any, range_key: Any, attrs: Mapping[str, Any]) -> None:
        self.hash_key, self.range_key = hash_key, range_key
        self.attrs = models.LimitedSizeDict()
        for name, value in attrs.items():
            dict.__setitem__(self.attrs, name, models.DynamoType(value))
        if self.size() > _LARGEST_ITEM:
            raise too_large

    models.Item.__init__ = made


def _know_the_services_by_heart() -> None:
    """moto lists its own folder, and looks through a class for its methods, with every request."""
    backends: Any = import_module("moto.backends")
    responses: Any = import_module("moto.core.responses")
    modules = frozenset(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: modules
    responses.method_names_from_class = cache(responses.method_names_from_class)
