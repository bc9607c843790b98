"""What the archiver of the Runs and Audit streams needs."""

from functools import cache
from typing import Any

from carillon.adapters.audit_archive import S3AuditArchive
from carillon.adapters.aws import client
from carillon.adapters.clock import SystemClock
from carillon.adapters.s3 import S3ArchiveBucket
from carillon.log import structured_log
from carillon.services.archive import Archive
from carillon.services.archive_audit import ArchiveAudit
from carillon.settings import ArchiveSettings, OperatorSettings


def audit_archive(settings: ArchiveSettings | OperatorSettings, s3: Any) -> S3AuditArchive:
    """The part of the bucket whose objects nobody can change before their lock ends."""
    days, mode = settings.audit_lock_days, settings.audit_lock_mode
    return S3AuditArchive(s3, settings.archive_bucket, SystemClock(), days, mode)


@cache
def wire_archive() -> tuple[Archive, ArchiveAudit]:
    """The archivers of runs and of audit rows."""
    settings, s3, log = ArchiveSettings.from_env(), client("s3"), structured_log()
    archive = Archive(S3ArchiveBucket(s3, settings.archive_bucket), log)
    return archive, ArchiveAudit(audit_archive(settings, s3), log)
