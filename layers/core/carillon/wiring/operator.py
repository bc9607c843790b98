"""What the operator's commands need."""

from functools import cache, partial

from carillon.adapters.audit_archive import KmsRootSigner
from carillon.adapters.aws import client
from carillon.adapters.clock import SystemChance, SystemClock
from carillon.adapters.dynamo.access import DynamoAccess
from carillon.adapters.dynamo.audit_log import DynamoAuditLog
from carillon.adapters.dynamo.database import Database
from carillon.adapters.dynamo.ended_runs import DynamoEndedRuns
from carillon.adapters.dynamo.factors import DynamoFactors
from carillon.adapters.dynamo.sealed_rows import DynamoSealedRows
from carillon.adapters.keyring import Keyring
from carillon.adapters.s3 import S3ArchiveBucket
from carillon.log import structured_log
from carillon.ports.world import Log
from carillon.services.bootstrap_admin import BootstrapAdmin
from carillon.services.journal import Journal
from carillon.services.operator import Operator
from carillon.services.re_archive import ReArchive
from carillon.services.re_archive_audit import ReArchiveAudit
from carillon.services.re_seal import ReSeal
from carillon.services.seal_audit import AuditSeals
from carillon.settings import OperatorSettings
from carillon.wiring.archive import audit_archive
from carillon.wiring.ground import database


def _bootstrap(tables: Database) -> BootstrapAdmin:
    chance = SystemChance()
    access, factors = DynamoAccess(tables), DynamoFactors(tables)
    return BootstrapAdmin(access, SystemClock(), chance, Journal(chance), factors)


def _audit_seals(settings: OperatorSettings, tables: Database, log: Log) -> AuditSeals:
    archive = audit_archive(settings, client("s3"))
    signer = KmsRootSigner(client("kms"), settings.root_key_id)
    return AuditSeals(DynamoAuditLog(tables), archive, signer, SystemClock(), log, settings.environment)


def _re_seal(settings: OperatorSettings, tables: Database, log: Log) -> ReSeal:
    clock = SystemClock()
    keyring = Keyring(cache(partial(client, "kms")), settings.data_key_ids, settings.environment, clock)
    return ReSeal(DynamoSealedRows(tables), keyring, clock, log)


def _re_archive(settings: OperatorSettings, tables: Database, log: Log) -> ReArchive:
    bucket = S3ArchiveBucket(client("s3"), settings.archive_bucket)
    return ReArchive(DynamoEndedRuns(tables), bucket, SystemClock(), log)


def _re_archive_audit(settings: OperatorSettings, tables: Database, log: Log) -> ReArchiveAudit:
    archive = audit_archive(settings, client("s3"))
    return ReArchiveAudit(DynamoAuditLog(tables), archive, SystemClock(), log)


@cache
def wire_operator() -> tuple[Operator, Log]:
    """The commands, and the log."""
    settings, log = OperatorSettings.from_env(), structured_log()
    tables = database(settings)
    audit_seals, re_seal = _audit_seals(settings, tables, log), _re_seal(settings, tables, log)
    re_archive = _re_archive(settings, tables, log)
    re_archive_audit = _re_archive_audit(settings, tables, log)
    return Operator(_bootstrap(tables), audit_seals, re_seal, re_archive, re_archive_audit), log
