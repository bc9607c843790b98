"""What of a document must not reach the audit log: the values under names that hold secrets."""

import re
from collections.abc import Mapping
from typing import Any, Final

MASK: Final = "***"
_WHOLE: Final = frozenset({"secrets"})
_NAMED: Final = frozenset({"steps"})
_SHOWN: Final = frozenset({"set", "changed_at", "reason"})
_SECRET: Final = re.compile(
    r"authorization|cookie|passw(or)?d|passphrase|secret|token|credential|signature|api[-_]?key|private[-_]?key",
    re.IGNORECASE,
)


def masked(value: Any) -> Any:
    """The value with every secret masked; names stay, and when a job's secret was changed."""
    if isinstance(value, Mapping):
        return {name: _masked_field(str(name), each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [masked(each) for each in value]
    return value


def _masked_field(name: str, value: Any) -> Any:
    if name in _WHOLE and isinstance(value, Mapping):
        return {each: held if _is_shown(held) else MASK for each, held in value.items()}
    if name in _NAMED and isinstance(value, Mapping):
        # A step's name says nothing of its fields.
        return {each: masked(held) if isinstance(held, Mapping) else MASK for each, held in value.items()}
    return _hidden(value) if _SECRET.search(name) else masked(value)


def _hidden(value: Any) -> Any:
    """A value under a secret's name: its shape stays, for what is in it is all of the secret."""
    if isinstance(value, Mapping):
        return {name: _hidden(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(each) for each in value]
    return value if value is None or value == "" or isinstance(value, bool) else MASK


def _is_shown(value: Any) -> bool:
    """Whether this is what answers show in place of a job's secret."""
    return isinstance(value, Mapping) and isinstance(value.get("set"), bool) and set(value) <= _SHOWN
