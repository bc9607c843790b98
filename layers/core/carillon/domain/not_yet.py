"""Features of the schedule document that this version refuses, in one table.

Each line names a field, the values that mean "not used", and why the others are refused. Accepting a setting
that nothing obeys would be a lie; when a feature is built, its line goes.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from carillon.domain.errors import FieldError

_EMPTY: Final[tuple[Any, ...]] = (None, [], {}, "")

NOT_YET: Final[Mapping[str, tuple[tuple[Any, ...], str]]] = {}


def refusals(document: Mapping[str, Any]) -> Iterator[FieldError]:
    """Every use of a feature that does not exist yet."""
    for path, (unused, feature) in NOT_YET.items():
        value = _value_at(document, path)
        # `in` alone would take 0 for False and 1 for True.
        if not any(value == plain and type(value) is type(plain) for plain in unused):
            yield FieldError(path, f"{feature} is not available yet; leave {path.rpartition('.')[2]} out.")


def _value_at(document: Mapping[str, Any], path: str) -> Any:
    value: Any = document
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value
