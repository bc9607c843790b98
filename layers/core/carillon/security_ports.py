"""What identity and audit need from the world, as Protocols with their contracts; see ports.py for what all share."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from carillon.domain.audit import AuditEntry
from carillon.domain.audit_query import AuditQuery
from carillon.domain.totp import Factor
from carillon.fact_ports import Fact as Fact  # noqa: PLC0414 - facts are asked for here too
from carillon.fact_ports import Facts as Facts  # noqa: PLC0414 - the same
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

    def page(self, query: AuditQuery, limit: int, start: Mapping[str, Any] | None = None) -> Page[AuditEntry]:
        """Entries newest first, eventually consistent; a page may be short, even empty, and the list still go on."""


class FactorStore(Protocol):
    """The second factors of users, in the Access table."""

    def factor(self, name: str) -> Factor | None:
        """The factor as of now (consistent)."""

    def save_factor(self, factor: Factor, audit: AuditEntry, *, replaces: int | None) -> None:
        """Writes the factor and the audit row together if its version still is `replaces` (None: unused); LostRace."""
