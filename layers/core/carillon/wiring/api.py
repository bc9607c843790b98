"""What the HTTP API needs."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any, Final

import carillon.zones  # noqa: F401 - the pinned zone data, before the first timetable
from carillon.adapters.aws import client
from carillon.adapters.dynamo.access import DynamoAccess
from carillon.adapters.dynamo.audit_log import DynamoAuditLog
from carillon.adapters.dynamo.backfills import DynamoBackfills
from carillon.adapters.dynamo.cursor_keys import DynamoCursorKeys
from carillon.adapters.dynamo.database import Database
from carillon.adapters.dynamo.dead_letters import DynamoDeadLetters
from carillon.adapters.dynamo.factors import DynamoFactors
from carillon.adapters.dynamo.facts import DynamoFacts
from carillon.adapters.dynamo.guards import DynamoGuards
from carillon.adapters.dynamo.outputs import DynamoOutputs
from carillon.adapters.dynamo.revocations import DynamoRevocations
from carillon.adapters.dynamo.run_logs import DynamoRunLogs
from carillon.adapters.dynamo.run_states import DynamoRunStates
from carillon.adapters.dynamo.runs import DynamoRuns
from carillon.adapters.dynamo.schedules import DynamoSchedules
from carillon.adapters.dynamo.slots import DynamoSlots
from carillon.adapters.dynamo.stats import DynamoStats
from carillon.adapters.kms import KmsDataKeys, KmsTokenSigner
from carillon.adapters.oidc import OidcVerifier
from carillon.adapters.s3 import S3ArchiveReader
from carillon.adapters.targets.registry import added_kinds
from carillon.adapters.targets.task_names import registered_tasks
from carillon.domain.allow_list import AllowList
from carillon.domain.definition import Limits
from carillon.domain.risk import risk
from carillon.domain.targets.kind import AwsAllow
from carillon.domain.targets.registry import add_kinds
from carillon.ports.world import Clock
from carillon.services.api import Api, ApiPorts, build_api
from carillon.services.authenticate import Issuer
from carillon.services.doors import DoorPorts
from carillon.settings import ApiSettings, SettingsError
from carillon.wiring.ground import Ground

THREADS: Final = 8
"""Objects of the archive that are read side by side."""

TASKS: Final = "worker.tasks"
"""Where the worker's tasks are, in the folder of functions that all functions share."""


def _other_issuers(settings: ApiSettings, clock: Clock) -> tuple[Issuer, ...]:
    """The external issuer, if the stack has one."""
    if not settings.oidc_issuer:
        return ()
    if not settings.oidc_audience:
        raise SettingsError(
            "ApiSettings: OIDC_AUDIENCE is missing; without it any token of the issuer would do"
        )
    verifier = OidcVerifier(settings.oidc_issuer, clock)
    pairs = (each.partition("=") for each in settings.oidc_roles)
    roles = {claimed: role for claimed, _, role in pairs}
    return (Issuer(settings.oidc_issuer, verifier, settings.oidc_audience, settings.oidc_role_claim, roles),)


def _limits(settings: ApiSettings) -> Limits:
    """What a schedule may ask of this stack."""
    return Limits.of_stack(
        settings.worker_timeout_seconds,
        settings.minimum_interval_seconds,
        AllowList.of(settings.http_allow),
        AwsAllow(settings.target_arns, settings.own_arns),
        tasks=registered_tasks(TASKS),
    )


def _door_ports(ground: Ground, settings: ApiSettings) -> DoorPorts:
    return DoorPorts(
        facts=DynamoFacts(ground.database),
        factors=DynamoFactors(ground.database),
        sealer=ground.seals.keyring,
        opener=ground.seals.keyring,
        metrics=ground.metrics(),
        risk=risk,
        triggers_per_minute=settings.triggers_per_minute,
    )


def _stores(database: Database) -> dict[str, Any]:
    """The stores under the names that ApiPorts gives them."""
    return {
        "schedules": DynamoSchedules(database),
        "runs": DynamoRuns(database),
        "access": DynamoAccess(database),
        "guards": DynamoGuards(database),
        "revocations": DynamoRevocations(database),
        "audit": DynamoAuditLog(database),
        "slots": DynamoSlots(database),
        "outputs": DynamoOutputs(database),
        "logs": DynamoRunLogs(database),
        "kept": DynamoDeadLetters(database),
        "backfills": DynamoBackfills(database),
        "states": DynamoRunStates(database),
        "stats": DynamoStats(database),
    }


@cache
def wire_api() -> Api:
    """The services behind the routes."""
    add_kinds(added_kinds())
    settings, kms = ApiSettings.from_env(), client("kms")
    ground = Ground("api", settings)
    signer = KmsTokenSigner(kms, settings.token_key_id, ground.clock)
    cursor_data_keys = KmsDataKeys(kms, settings.data_key_id, "cursor")
    return build_api(
        ApiPorts(
            **_stores(ground.database),
            queue=ground.dispatch_queue(),
            signer=signer,
            verifier=signer.ring,
            other_issuers=_other_issuers(settings, ground.clock),
            cursor_keys=DynamoCursorKeys(ground.database, cursor_data_keys),
            clock=ground.clock,
            chance=ground.chance,
            log=ground.log,
            limits=_limits(settings),
            issuer=settings.environment,
            door_ports=_door_ports(ground, settings),
            shards=settings.shards,
            skew_seconds=settings.skew_seconds,
            archive=S3ArchiveReader(cache(partial(client, "s3")), settings.archive_bucket),
            side_by_side=ThreadPoolExecutor(THREADS).map,
        )
    )
