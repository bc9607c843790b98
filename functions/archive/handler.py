"""The Runs stream and the Audit stream, by the minute: runs that ended and audit rows, into the archive's bucket."""

from collections.abc import Mapping
from typing import Any

from carillon.adapters.dynamo.audit import audit_record, is_audit
from carillon.adapters.dynamo.stream import change_from
from carillon.services.archive import Archive
from carillon.services.archive_audit import ArchiveAudit
from carillon.wiring.archive import wire_archive


def handle(event: Mapping[str, Any], context: object) -> None:
    """Lambda's door. An error is raised: the whole batch comes again, and writing it again changes nothing."""
    respond(event, *wire_archive())


def respond(event: Mapping[str, Any], archive: Archive, archive_audit: ArchiveAudit) -> None:
    """Archives the batch as a whole."""
    records = event["Records"]
    archive([change_from(record) for record in records if not is_audit(record)])
    archive_audit([audit_record(record) for record in records if is_audit(record)])
