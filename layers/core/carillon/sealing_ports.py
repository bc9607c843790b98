"""What sealing and signing need from the world, as Protocols with their contracts; see ports.py for what all share.

An outage of the key service is `Unavailable` or `Throttled`: nothing is ever sent or stored in clear instead.
"""

from collections.abc import Mapping
from typing import Protocol

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


class MessageSealer(Protocol):
    """Makes dispatch messages that nobody else can read or make."""

    def seal(self, message: Dispatch) -> str:
        """The body of a queue message, signed now."""


class MessageOpener(Protocol):
    """Reads dispatch messages of this stack's own functions."""

    def open(self, body: str) -> Dispatch | None:
        """The message; None when its signer's certificate has run out since. SealError, MalformedMessage."""
