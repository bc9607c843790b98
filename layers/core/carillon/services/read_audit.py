"""Reads the audit log, and writes down the refusals that change nothing else."""

from collections.abc import Mapping
from typing import Any, Final

from carillon.domain.access import Principal
from carillon.domain.audit import REFUSED, AuditEntry
from carillon.domain.audit_query import AuditQuery
from carillon.domain.errors import CarillonError, Forbidden
from carillon.domain.errors.doors import SecondFactorLocked
from carillon.domain.permission import Permission
from carillon.domain.scope import Subject
from carillon.ports.audit import AuditLog
from carillon.ports.pages import Page
from carillon.ports.world import Clock, Log
from carillon.services.authorise import visible
from carillon.services.journal import Journal

_SECRETIVE: Final = frozenset({Permission.READ_USERS, Permission.READ_ROLES, Permission.READ_AUDIT})


class ReadAudit:
    """The reading side of the audit log."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    def __call__(
        self, principal: Principal, query: AuditQuery, limit: int, start: Mapping[str, Any] | None
    ) -> Page[AuditEntry]:
        """Entries newest first, those that the principal may see: an entry's owner is its actor. Forbidden."""
        is_visible = visible(principal, Permission.READ_AUDIT)
        page = self._audit.page(query, limit, start)
        seen = (entry for entry in page.items if is_visible(Subject(entry.object, owner=entry.actor)))
        return Page(tuple(seen), page.next_key)


class NoteRefusal:
    """Writes down who was refused what, unless it was only looking."""

    def __init__(self, audit: AuditLog, clock: Clock, journal: Journal, log: Log) -> None:
        self._audit = audit
        self._clock = clock
        self._journal = journal
        self._log = log

    def __call__(self, principal: Principal, refusal: Forbidden | SecondFactorLocked, operation: str) -> None:
        """Never raises: the refusal stands, and where the row cannot be written the log tells of it."""
        if refusal.permission.endswith(":read") and refusal.permission not in _SECRETIVE:
            return
        entry = self._journal.entry(
            principal,
            str(refusal.permission or refusal.code),
            refusal.object or f"operation:{operation}",
            self._clock.now(),
            outcome=REFUSED,
            details={"operation": operation, "code": refusal.code},
        )
        try:
            self._audit.append(entry)
        except CarillonError as error:
            self._log(
                "refusal_not_recorded",
                str(error),
                actor=principal.name,
                permission=refusal.permission,
                object=refusal.object,
            )
