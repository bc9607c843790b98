"""W3C trace context: which trace a run belongs to, and what its attempts are called in it (docs/decisions/0014).

What comes from outside is either exactly what the standard allows or as good as not there: a trace is never an error.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

TRACEPARENT: Final = "traceparent"
TRACESTATE: Final = "tracestate"
MAX_STATE: Final = 512
"""Characters of a tracestate that are handed on: as many as the standard asks for."""

MAX_MEMBERS: Final = 32
_LONG_MEMBER: Final = 128
_SAMPLED: Final = 1
_VERSION_00: Final = 55
_PARENT: Final = re.compile(
    r"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})"
)
_KEY: Final = r"[a-z0-9][a-z0-9_*/-]{0,240}(?:@[a-z][a-z0-9_*/-]{0,13})?"
_MEMBER: Final = re.compile(rf"({_KEY})=([ -+\--<>-~]{{0,255}}[!-+\--<>-~])")


@dataclass(frozen=True, slots=True)
class Trace:
    """A trace: 32 hex digits, whether whoever began it records it, its tracestate, and the span that asked us."""

    trace_id: str
    is_sampled: bool = True
    state: str = ""
    parent_id: str | None = None

    def traceparent(self, span_id: str) -> str:
        """The header for what is called in this trace by a span of ours."""
        return f"00-{self.trace_id}-{span_id}-{int(self.is_sampled):02x}"


def begin_trace(name: str) -> Trace:
    """The trace of what began by itself, under a name that nothing else ever has: the same whoever works it out."""
    return Trace(_hex(f"trace {name}", 16))


def span_of(name: str, attempt: int) -> str:
    """The span id of an attempt of what has this name: another one for each."""
    return _hex(f"span {name} {attempt}", 8)


def read_trace(parent: object, state: object = None) -> Trace | None:
    """The trace that a traceparent and a tracestate continue; None for what the standard does not allow."""
    text = parent.strip(" \t") if isinstance(parent, str) else ""
    found = _PARENT.match(text)
    if found is None or not _is_whole(text, found["version"]):
        return None
    if not found["trace"].strip("0") or not found["span"].strip("0"):
        return None
    is_sampled = bool(int(found["flags"], 16) & _SAMPLED)
    return Trace(found["trace"], is_sampled, read_state(state), found["span"])


def trace_of_headers(headers: Mapping[str, object]) -> Trace | None:
    """The trace that a request continues; header names are in lower case."""
    return read_trace(headers.get(TRACEPARENT), headers.get(TRACESTATE))


def read_state(text: object) -> str:
    """A tracestate as it is handed on, whole members of it where it is too long; empty when anything is wrong."""
    if not isinstance(text, str):
        return ""
    members = [member for part in text.split(",") if (member := part.strip(" \t"))]
    found = [_MEMBER.fullmatch(member) for member in members]
    keys = {match[1] for match in found if match is not None}
    # An invalid member, a key given twice, or too many: none of it can be believed.
    if len(keys) < len(members) or len(members) > MAX_MEMBERS:
        return ""
    return _bounded(members)


def _bounded(members: list[str]) -> str:
    """Long members go first, as the standard says, then those at the end."""
    if _length(members) > MAX_STATE:
        members = [member for member in members if len(member) <= _LONG_MEMBER]
    while _length(members) > MAX_STATE:
        members = members[:-1]
    return ",".join(members)


def _length(members: Iterable[str]) -> int:
    return len(",".join(members))


def _is_whole(text: str, version: str) -> bool:
    """Version 00 has nothing behind the flags, a later one may go on after a dash; ff is no version."""
    rest = text[_VERSION_00:]
    return version != "ff" and (not rest or (version != "00" and rest.startswith("-")))


def _hex(text: str, size: int) -> str:
    found = sha256(text.encode()).digest()[:size]
    # The one value that the standard forbids, once in 2^64 at the least.
    return (found if any(found) else b"\x01" * size).hex()
