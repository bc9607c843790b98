"""What identity and audit need from the world, as Protocols with their contracts; see ports.py for what all share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from carillon.domain.audit import AuditEntry
from carillon.domain.audit_query import AuditQuery
from carillon.domain.totp import Factor
from carillon.ports import Page


class Revocations(Protocol):
    """Tokens that are refused although they have not expired, in the Guards table."""

    def revoke(self, token_id: str, until: datetime, audit: AuditEntry) -> None:
        """Refuses the token from now on, and writes the audit row in the same transaction; again is the same."""

    def is_revoked(self, token_id: str, now: datetime) -> bool:
        """Whether the token was revoked (consistent)."""


class AuditLog(Protocol):
    """The Audit table, where it is not written together with a change."""

    def append(self, entry: AuditEntry) -> None:
        """Writes one entry by itself: a refusal, which changes nothing."""

    def page(
        self, query: AuditQuery, limit: int, start: Mapping[str, Any] | None = None
    ) -> Page[AuditEntry]:
        """Entries newest first, eventually consistent; a page may be short, even empty, and the list still go on."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that is remembered until a moment; `stamp` is fresh with every write, so that versions can be told."""

    value: Mapping[str, Any]
    until: datetime
    stamp: str


class Facts(Protocol):
    """Short-lived facts in the Guards table: nonces, windows, codes that were used, confirmations, idempotency keys."""

    def read(self, key: str, now: datetime) -> Fact | None:
        """The fact as of now (consistent), None when there is none or it is over."""

    def read_many(self, keys: Sequence[str], now: datetime) -> Mapping[str, Fact]:
        """Up to 100 facts as of now (consistent); those that are not there or over are left out."""

    def swap(self, key: str, before: Fact | None, after: Fact, now: datetime) -> bool:
        """Writes `after` if the fact still is `before` (None: there is none, or it is over); whether it was written.

        A repeat of this very write, whose answer was lost, finds its own stamp: written.
        """


class FactorStore(Protocol):
    """The second factors of users, in the Access table."""

    def factor(self, name: str) -> Factor | None:
        """The factor as of now (consistent)."""

    def save_factor(self, factor: Factor, audit: AuditEntry, *, replaces: int | None) -> None:
        """Writes the factor and the audit row together if its version still is `replaces` (None: unused); LostRace."""
