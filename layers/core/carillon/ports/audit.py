"""The audit log, and what closing and verifying its archive needs."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Protocol

from carillon.domain.audit import AuditEntry
from carillon.domain.audit_query import AuditQuery
from carillon.ports.pages import Page


class AuditLog(Protocol):
    """The Audit table, where it is not written together with a change."""

    def append(self, entry: AuditEntry) -> None:
        """Writes one entry by itself: a refusal, which changes nothing."""

    def page(self, query: AuditQuery, limit: int, start: Mapping[str, Any] | None = None) -> Page[AuditEntry]:
        """Entries newest first, eventually consistent; a page may be short, even empty, and the list still go on."""


class AuditRows(Protocol):
    """The Audit table as the operator checks it."""

    def of_day(self, day: date) -> Iterable[AuditEntry]:
        """Every entry of a day (consistent), in no order; MalformedRow."""


class AuditArchive(Protocol):
    """The archive's bucket as far as the audit log goes: what is put there cannot be changed for a long time."""

    def put(self, key: str, body: bytes) -> None:
        """Writes one object under the stack's lock; the same key again adds a version and takes none away."""

    def read(self, key: str) -> bytes:
        """The newest version of an object that is there."""

    def keys(self, prefix: str) -> Iterable[str]:
        """The keys with this prefix, in their order, as of now."""


class RootSigner(Protocol):
    """The stack's root key, which never leaves KMS."""

    def sign(self, message: bytes) -> bytes:
        """An ECDSA signature over SHA-256, in DER; the message is below 4 KiB."""

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether the root key signed this message."""
