"""Closes days of the audit archive by signed manifests, and verifies closed days against archive, chain and table."""

import base64
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any, Final

from carillon.domain.audit_archive import (
    MANIFESTS,
    OBJECTS,
    Finding,
    chain_faults,
    day_of_key,
    day_prefix,
    digest,
    manifest_faults,
    manifest_key,
    manifest_text,
    row_faults,
    rows_of,
    statement,
)
from carillon.domain.audit_query import audit_document, moment_id
from carillon.domain.errors import AuditIncomplete
from carillon.ports.audit import AuditArchive, AuditRows, RootSigner
from carillon.ports.world import Clock, Log

MAX_DAYS: Final = 31
SETTLED_AFTER: Final = timedelta(hours=1)
"""How long after midnight a day's last rows are surely in the archive, or else something is late."""


class AuditSeals:
    """The operator's two commands about the audit archive."""

    def __init__(
        self,
        rows: AuditRows,
        archive: AuditArchive,
        signer: RootSigner,
        clock: Clock,
        log: Log,
        environment: str,
    ) -> None:
        self._rows = rows
        self._archive = archive
        self._signer = signer
        self._clock = clock
        self._log = log
        self._environment = environment

    def seal(self, accepted: date | None = None) -> list[date]:
        """Closes every day that is over and not closed yet, a month at most; AuditIncomplete where it stops.

        The day that is accepted is closed whatever is found, and its manifest names that.
        """
        sealed = []
        for day in self._open_days():
            self._seal(day, is_accepted=day == accepted)
            self._log("audit_day_sealed", "A day of the audit log is closed and signed.", day=f"{day}")
            sealed.append(day)
        return sealed

    def verify(self, first: date, last: date) -> dict[str, Any]:
        """What is wrong from the first to the last day, and how much was looked at."""
        findings: list[Finding] = []
        rows = 0
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        for day in days:
            archived, found = self._verified(day)
            rows += archived
            findings += found
        return {"days": len(days), "rows": rows, "findings": [asdict(each) for each in findings]}

    def _open_days(self) -> Iterator[date]:
        closed = [day_of_key(key) for key in self._archive.keys(MANIFESTS)]
        begun = next(iter(self._archive.keys(OBJECTS)), None)
        if not closed and begun is None:
            return
        day = max(closed) + timedelta(days=1) if closed else day_of_key(str(begun))
        end = (self._clock.now() - SETTLED_AFTER).date()
        for _ in range(MAX_DAYS):
            if day >= end:
                return
            yield day
            day += timedelta(days=1)

    def _seal(self, day: date, *, is_accepted: bool) -> None:
        name, objects = f"{day}", self._objects(day)
        found = [
            *chain_faults(name, objects),
            *row_faults(name, rows_of(objects.values()), self._stored(day)),
        ]
        if found and not is_accepted:
            raise AuditIncomplete(
                f"The audit archive of {name} is not complete, so it was not sealed: {len(found)} findings, the first "
                f"is {found[0].subject}: {found[0].what} The command re-archive-audit writes rows that it lacks."
            )
        text = manifest_text(day, objects, self._before(day), found)
        signature = base64.b64encode(self._signer.sign(statement(self._environment, day, text))).decode()
        self._archive.put(manifest_key(day), json.dumps({"manifest": text, "signature": signature}).encode())

    def _verified(self, day: date) -> tuple[int, list[Finding]]:
        name, objects = f"{day}", self._objects(day)
        archived = rows_of(objects.values())
        found = [*chain_faults(name, objects), *row_faults(name, archived, self._stored(day))]
        body = self._manifest(day)
        if body is None:
            return len(archived), [*found, Finding(name, "manifest", "The day is not sealed.")]
        try:
            document = json.loads(body)
            text, signature = document["manifest"], base64.b64decode(document["signature"])
            if not self._signer.verify(statement(self._environment, day, text), signature):
                found.append(Finding(name, "manifest", "The signature is not right."))
            found += manifest_faults(name, text, objects, self._before(day))
        except (ValueError, KeyError, TypeError):
            found.append(Finding(name, "manifest", "The manifest cannot be read."))
        return len(archived), found

    def _before(self, day: date) -> str | None:
        body = self._manifest(day - timedelta(days=1))
        return None if body is None else digest(body)

    def _manifest(self, day: date) -> bytes | None:
        key = manifest_key(day)
        return self._archive.read(key) if key in self._archive.keys(key) else None

    def _objects(self, day: date) -> dict[str, bytes]:
        return {key: self._archive.read(key) for key in self._archive.keys(day_prefix(f"{day}"))}

    def _stored(self, day: date) -> dict[str, dict[str, Any]]:
        return {moment_id(entry): audit_document(entry) for entry in self._rows.of_day(day)}
