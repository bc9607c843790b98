"""What of a document must not reach the audit log: the values under names that hold secrets."""

import re
from collections.abc import Mapping
from typing import Any, Final

MASK: Final = "***"
_WHOLE: Final = frozenset({"secrets"})
_SECRET: Final = re.compile(
    r"authorization|cookie|passw(or)?d|passphrase|secret|token|credential|signature|api[-_]?key|private[-_]?key",
    re.IGNORECASE,
)


def masked(value: Any) -> Any:
    """The value with every secret masked; names stay, so that a change of a secret still shows."""
    if isinstance(value, Mapping):
        return {name: _masked_field(str(name), each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [masked(each) for each in value]
    return value


def _masked_field(name: str, value: Any) -> Any:
    if name in _WHOLE and isinstance(value, Mapping):
        return dict.fromkeys(value, MASK)
    if isinstance(value, str) and value and _SECRET.search(name):
        return MASK
    return masked(value)
