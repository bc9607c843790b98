"""How a host may be spelled: as a plain DNS name, never as a number that only some resolvers understand."""

import re
from typing import Final

MAX_NAME_LENGTH: Final = 253
_LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_HEXADECIMAL: Final = re.compile(r"0x[0-9a-f]*")


def is_host_name(text: str) -> bool:
    """Whether this is a DNS name in lower case that no resolver takes for an address."""
    if len(text) > MAX_NAME_LENGTH or looks_numeric(text):
        return False
    return all(_LABEL.fullmatch(label) for label in text.split("."))


def looks_numeric(host: str) -> bool:
    """Whether a resolver may read the host as an IPv4 address: its last label is a number, as in 0x7f.1."""
    last = host.rpartition(".")[2]
    return last.isdigit() or _HEXADECIMAL.fullmatch(last) is not None
