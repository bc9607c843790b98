"""What every function stands on: clock, chance, log, sealing, tables and queue, made from its settings."""

from functools import cache, partial
from typing import Any, Final

from carillon.adapters.aws import CALLS, client
from carillon.adapters.clock import SystemChance, SystemClock
from carillon.adapters.dynamo.database import Database
from carillon.adapters.emf import EmfMetrics
from carillon.adapters.pace import Pace
from carillon.adapters.seals import Seals
from carillon.adapters.sqs import SqsDispatchQueue
from carillon.log import structured_log
from carillon.settings import SealingSettings

TABLES: Final = ("schedules_table", "runs_table", "access_table", "guards_table", "audit_table")
NUMBERS: Final = ("shards", "retention_days")


def database(settings: Any, seals: Seals | None = None) -> Database:
    """The tables that these settings name, reached through one client."""
    given = {name: getattr(settings, name) for name in TABLES + NUMBERS if hasattr(settings, name)}
    pace = Pace(SystemClock(), SystemChance())
    return Database(client=client("dynamodb"), pace=pace, seals=seals, **given)


class Ground:
    """One function's footing; `role` is the name it seals and signs under. KMS is not asked before it is needed."""

    def __init__(self, role: str, settings: SealingSettings) -> None:
        self.clock, self.chance, self.log = SystemClock(), SystemChance(), structured_log()
        self.seals = Seals(
            cache(partial(client, "kms")),
            settings.data_key_ids,
            settings.root_key_id,
            role=role,
            environment=settings.environment,
            session_seconds=settings.session_seconds,
            clock=self.clock,
        )
        self.database = database(settings, self.seals)
        self._settings: Any = settings

    def dispatch_queue(self) -> SqsDispatchQueue:
        """The queue to the workers."""
        url, sealer = self._settings.dispatch_queue_url, self.seals.signing_messages()
        return SqsDispatchQueue(client("sqs"), url, sealer, clock=self.clock, pace=self.database.pace)

    def metrics(self) -> EmfMetrics:
        """Metrics on standard output, with what this process asked of KMS and was throttled in."""
        settings = self._settings
        namespace = settings.powertools_metrics_namespace
        return EmfMetrics(namespace, settings.environment, self.clock, besides=CALLS.take)
