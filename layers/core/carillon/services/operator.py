"""What the operator's commands call, in one value."""

from dataclasses import dataclass

from carillon.services.bootstrap_admin import BootstrapAdmin
from carillon.services.re_archive import ReArchive
from carillon.services.re_archive_audit import ReArchiveAudit
from carillon.services.re_seal import ReSeal
from carillon.services.seal_audit import AuditSeals


@dataclass(frozen=True, slots=True)
class Operator:
    """The services behind the commands."""

    bootstrap_admin: BootstrapAdmin
    audit_seals: AuditSeals
    re_seal: ReSeal
    re_archive: ReArchive
    re_archive_audit: ReArchiveAudit
