"""Writes audit rows to the archive that it lacks: after the archiver had given up on part of the stream.

It may be repeated. What it writes is a chain of its own within its day, beside those that the stream has written, so
that a batch of the stream which still comes breaks neither.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from carillon.domain.audit_archive import (
    AuditRecord,
    again_key,
    again_prefix,
    day_prefix,
    digest,
    manifest_key,
    object_body,
    rows_of,
)
from carillon.domain.audit_query import audit_document, moment_id
from carillon.domain.errors import WrongState
from carillon.ports.audit import AuditArchive, AuditRows
from carillon.ports.world import Clock, Log

ROWS_AN_OBJECT: Final = 1000


@dataclass(frozen=True, slots=True)
class ReArchiveAudit:
    """Days that are over and not closed; today's rows are still on their way."""

    rows: AuditRows
    archive: AuditArchive
    clock: Clock
    log: Log

    def __call__(self, first: date, last: date) -> dict[str, Any]:
        """How many rows were written, into how many objects; WrongState for a day that is not over."""
        if last >= self.clock.now().date():
            raise WrongState("The rows of a day that is not over are still on their way to the archive.")
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        open_days = [day for day in days if not list(self.archive.keys(manifest_key(day)))]
        written = [count for day in open_days for count in self._write(f"{day}", self._missing(day))]
        return {"days": len(open_days), "rows": sum(written), "objects": len(written)}

    def _missing(self, day: date) -> list[AuditRecord]:
        archived = rows_of(self.archive.read(key) for key in self.archive.keys(day_prefix(f"{day}")))
        stored = {moment_id(entry): entry for entry in self.rows.of_day(day)}
        return [
            AuditRecord("", "", place, audit_document(stored[place]))
            for place in sorted(stored.keys() - archived.keys())
        ]

    def _write(self, day: str, missing: list[AuditRecord]) -> Iterator[int]:
        for start in range(0, len(missing), ROWS_AN_OBJECT):
            before = list(self.archive.keys(again_prefix(day)))
            previous = digest(self.archive.read(before[-1])) if before else None
            rows = missing[start : start + ROWS_AN_OBJECT]
            key = again_key(day, len(before))
            self.archive.put(key, object_body(rows, previous))
            self.log("audit_archived_again", "Audit rows are in the archive.", key=key, lines=len(rows))
            yield len(rows)
