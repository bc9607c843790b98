"""Sealing, signing and opening.

An outage of the key service is `Unavailable` or `Throttled`: nothing is ever sent or stored in clear instead.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from carillon.domain.dispatch import Dispatch

Context = Mapping[str, str]


class Sealer(Protocol):
    """Seals bytes for one purpose, bound to a context."""

    def seal(self, plaintext: bytes, context: Context) -> bytes:
        """The envelope; the context names its `purpose` and what else the bytes belong to."""


class Opener(Protocol):
    """Opens what a Sealer of the same stack sealed."""

    def open(self, sealed: bytes, context: Context) -> bytes:
        """The text, if it was sealed for exactly this context; SealError."""


class Resealer(Protocol):
    """Moves sealed bytes to the key that seals now."""

    def renewed(self, sealed: bytes, context: Context) -> bytes | None:
        """The same text sealed anew, None when it is under that key already; SealError."""


@dataclass(frozen=True, slots=True)
class SealedValue:
    """One sealed value of one row: its place, its bytes, and the context that it opens for."""

    table: str
    key: Mapping[str, Any]
    path: tuple[str, ...]
    sealed: bytes
    context: Context
    is_text: bool = False


@dataclass(frozen=True, slots=True)
class SealedPage:
    """Some sealed values, and where the walk goes on (None: nowhere)."""

    values: tuple[SealedValue, ...]
    following: Mapping[str, Any] | None


class SealedRows(Protocol):
    """All tables, as far as something in them is sealed for longer than an hour."""

    def page(self, start: Mapping[str, Any] | None = None) -> SealedPage:
        """The values of the next rows; a page may be empty and the walk still go on."""

    def replace(self, value: SealedValue, sealed: bytes) -> bool:
        """Puts other bytes in place of a value's, if they are still those that were read."""


class MessageSealer(Protocol):
    """Makes dispatch messages that nobody else can read or make."""

    def seal(self, messages: Sequence[Dispatch]) -> list[str]:
        """The bodies of at most ten queue messages, signed now; each can be read without the others."""


class MessageOpener(Protocol):
    """Reads dispatch messages of this stack's own functions."""

    def open(self, body: str) -> Dispatch | None:
        """The message; None when its signer's certificate has run out since. SealError, MalformedMessage."""
