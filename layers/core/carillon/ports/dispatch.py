"""The way to the workers, what could not be delivered on it, and further ticks."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from carillon.domain.audit import AuditEntry
from carillon.domain.dead_letter import DeadLetter
from carillon.domain.dispatch import Dispatch
from carillon.ports.pages import Page


class DispatchQueue(Protocol):
    """The Dispatch queue."""

    def send(self, messages: Sequence[Dispatch], now: datetime) -> Sequence[Dispatch]:
        """Sends in tens, each delayed so that it arrives as its not_before begins (at most 900 s).

        Answers those that could not be sent after retries; the sweep sends them again.
        """


class DeadLetterStore(Protocol):
    """Undeliverable messages, kept so that they can be listed and sent again."""

    def keep(self, message_id: str, body: str, reason: str, now: datetime) -> None:
        """Stores a message; the same id again is the same row."""

    def get(self, message_id: str) -> DeadLetter:
        """One message as of now (consistent); DeadLetterNotFound."""

    def page(self, limit: int, start: Mapping[str, Any] | None = None) -> Page[DeadLetter]:
        """The kept messages, newest first."""

    def note_redrive(self, message_id: str, audit: AuditEntry) -> None:
        """Writes that the message is sent again, with the audit entry, as one transaction; DeadLetterNotFound."""


class TickRanges(Protocol):
    """Further ticks, each over its own range of shards."""

    def start(self, shards: range) -> None:
        """Starts a tick over the range and does not wait for it."""
