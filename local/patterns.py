"""Event filter patterns: says whether a record of a stream is wanted.

A pattern mirrors the record; each leaf is a list of which one entry must match. A comparison that is
not known here is an error, not a record let through.
"""

from collections.abc import Callable, Mapping
from typing import Any

_ABSENT = object()


def wanted(patterns: tuple[Mapping[str, Any], ...], record: Mapping[str, Any]) -> bool:
    """Say whether any of the patterns matches; no pattern at all lets everything through."""
    return not patterns or any(_matches(pattern, record) for pattern in patterns)


def _matches(pattern: Mapping[str, Any], node: Any) -> bool:
    fields = node if isinstance(node, Mapping) else {}
    return all(_field(name, rule, fields) for name, rule in pattern.items())


def _field(name: str, rule: Any, fields: Mapping[str, Any]) -> bool:
    if name == "$or":
        return any(_matches(option, fields) for option in rule)
    value = fields.get(name, _ABSENT)
    if isinstance(rule, Mapping):
        return _matches(rule, value)
    return any(_leaf(option, value) for option in rule)


def _leaf(option: Any, value: Any) -> bool:
    if not isinstance(option, Mapping):
        return bool(value == option)
    ((name, argument),) = option.items()
    if name not in _COMPARISONS:
        raise ValueError(f"The filter pattern uses {name}, which the laptop cloud does not know.")
    return _COMPARISONS[name](argument, value)


def _exists(argument: bool, value: Any) -> bool:
    # Only a leaf can be asked for: a mapping "does not exist" to EventBridge's patterns either.
    present = value is not _ABSENT and not isinstance(value, Mapping)
    return present is argument


def _anything_but(argument: Any, value: Any) -> bool:
    return value is not _ABSENT and value not in (argument if isinstance(argument, list) else [argument])


_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "exists": _exists,
    "prefix": lambda argument, value: isinstance(value, str) and value.startswith(argument),
    "suffix": lambda argument, value: isinstance(value, str) and value.endswith(argument),
    "equals-ignore-case": lambda argument, value: (
        isinstance(value, str) and value.lower() == argument.lower()
    ),
    "anything-but": _anything_but,
}
