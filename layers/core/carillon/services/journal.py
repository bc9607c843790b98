"""Audit entries as the operator's writes make them: one shape of actor, object and id for all verbs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from carillon.domain.access import Principal
from carillon.domain.audit import DONE, AuditEntry
from carillon.domain.errors import MalformedRow, RevisionNotFound
from carillon.domain.job import Revision
from carillon.domain.masking import masked
from carillon.domain.schedule import Schedule
from carillon.ports.schedules import ScheduleStore
from carillon.ports.world import Chance


class Journal:
    """Makes audit entries; the store that carries out the change writes them."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance

    def entry(
        self,
        principal: Principal,
        action: str,
        subject: str,
        now: datetime,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        outcome: str = DONE,
        details: Mapping[str, Any] | None = None,
    ) -> AuditEntry:
        """The entry of one change; `subject` is a kind and an id, as in schedule:nightly-etl."""
        return AuditEntry(
            entry_id=self._chance.token()[:16],
            at=now,
            actor=principal.name,
            action=action,
            object=subject,
            source=principal.source,
            method=principal.method,
            outcome=outcome,
            confirmed_by=principal.confirmed_by,
            details=details or {},
            before=masked(before),
            after=masked(after),
        )


def saved_revision(schedules: ScheduleStore, head: Schedule) -> Revision | None:
    """The revision that a head points at, None when it cannot be read: it must still be possible to mend it."""
    try:
        return schedules.revision(head.schedule_id, head.revision)
    except (RevisionNotFound, MalformedRow):
        return None


def saved_document(schedules: ScheduleStore, head: Schedule) -> Mapping[str, Any] | None:
    """The definition that a head points at, None when it cannot be read."""
    revision = saved_revision(schedules, head)
    return None if revision is None else revision.document
