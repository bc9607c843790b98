"""The composition root: each function's services with their adapters, made once per container.

Imports stand inside the functions, so that each Lambda loads only what it runs.
"""

# ruff: noqa: PLC0415

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from carillon.ports import Clock, Concurrently, DispatchQueue, Log, Metrics, Target

if TYPE_CHECKING:
    from carillon.adapters.audit_archive import S3AuditArchive
    from carillon.adapters.dynamo.database import Database
    from carillon.adapters.emf import EmfMetrics
    from carillon.adapters.seals import Seals
    from carillon.services.api import Api
    from carillon.services.archive import Archive
    from carillon.services.archive_audit import ArchiveAudit
    from carillon.services.authenticate import Issuer
    from carillon.services.dead_letter import TakeInDeadLetter
    from carillon.services.execute import Execute
    from carillon.services.follow import Follow
    from carillon.services.follow_batch import FollowBatch
    from carillon.services.note_completion import NoteCompletion
    from carillon.services.operator import Operator
    from carillon.services.spread import SpreadTick
    from carillon.services.work_off import WorkOff
    from carillon.settings import ApiSettings, ArchiveSettings, OperatorSettings, SealingSettings

WORKER_BATCH: Final = 10
"""Messages of one batch, each of which may need a task's process at the same time."""

TICK_THREADS: Final = 8
FAN_OUT_THREADS: Final = 8
"""Enough to hide the latency of claims and sends; what is left after that is botocore's own work."""


def _database(settings: Any, seals: "Seals | None" = None, **options: Any) -> "Database":
    """The tables that these settings name, reached through one client."""
    from carillon.adapters.aws import client
    from carillon.adapters.clock import SystemChance, SystemClock
    from carillon.adapters.dynamo.database import Database
    from carillon.adapters.pace import Pace

    names = ("schedules_table", "runs_table", "access_table", "guards_table", "audit_table")
    given = {name: getattr(settings, name) for name in names if hasattr(settings, name)}
    numbers = {
        name: getattr(settings, name) for name in ("shards", "retention_days") if hasattr(settings, name)
    }
    pace = Pace(SystemClock(), SystemChance())
    return Database(client=client("dynamodb", **options), pace=pace, seals=seals, **given, **numbers)


def _seals(role: str, settings: "SealingSettings", clock: Clock) -> "Seals":
    """What one function seals, signs and opens with; KMS is not asked before it is needed."""
    from carillon.adapters.aws import client
    from carillon.adapters.seals import Seals

    return Seals(
        cache(lambda: client("kms")),
        settings.data_key_ids,
        settings.root_key_id,
        role=role,
        environment=settings.environment,
        session_seconds=settings.session_seconds,
        clock=clock,
    )


def _dispatch_queue(settings: Any, seals: "Seals", database: "Database", clock: Clock) -> DispatchQueue:
    """The queue to the workers."""
    from carillon.adapters.aws import client
    from carillon.adapters.sqs import SqsDispatchQueue

    sealer = seals.signing_messages()
    return SqsDispatchQueue(
        client("sqs"), settings.dispatch_queue_url, sealer, clock=clock, pace=database.pace
    )


def _metrics(settings: Any, clock: Clock) -> "EmfMetrics":
    """Metrics on standard output, with what this process asked of KMS and was throttled in."""
    from carillon.adapters.aws import CALLS
    from carillon.adapters.emf import EmfMetrics

    namespace = settings.powertools_metrics_namespace
    return EmfMetrics(namespace, settings.environment, clock, besides=CALLS.take)


def _work_off(
    database: "Database", queue: DispatchQueue, clock: Clock, log: Log, side_by_side: Concurrently
) -> "WorkOff":
    """What works backfills off."""
    from carillon.adapters.dynamo.backfills import DynamoBackfills
    from carillon.adapters.dynamo.run_states import DynamoRunStates
    from carillon.adapters.dynamo.runs import DynamoRuns
    from carillon.adapters.dynamo.schedules import DynamoSchedules
    from carillon.services.enqueue import Enqueue
    from carillon.services.work_off import WorkOff

    schedules, runs = DynamoSchedules(database), DynamoRuns(database)
    enqueue, states = Enqueue(runs, queue, clock), DynamoRunStates(database)
    return WorkOff(DynamoBackfills(database), schedules, runs, states, enqueue, clock, side_by_side, log)


@cache
def wire_tick() -> "tuple[SpreadTick, Log]":
    """What the tick needs."""
    from concurrent.futures import ThreadPoolExecutor

    import carillon.zones  # noqa: F401 - the pinned zone data, before the first timetable
    from carillon.adapters.aws import client
    from carillon.adapters.clock import SystemChance, SystemClock
    from carillon.adapters.dynamo.outputs import DynamoOutputs
    from carillon.adapters.dynamo.runs import DynamoRuns
    from carillon.adapters.dynamo.schedules import DynamoSchedules
    from carillon.adapters.dynamo.slots import DynamoSlots
    from carillon.adapters.lambda_invoke import OwnFunction
    from carillon.log import structured_log
    from carillon.services.claim import Claimer
    from carillon.services.ended import build_ended
    from carillon.services.liveness import Liveness
    from carillon.services.spread import SpreadTick
    from carillon.services.sweep import Sweep
    from carillon.services.tick import Tick
    from carillon.services.workflow import build_advance
    from carillon.settings import TickSettings

    settings, log, clock, chance = TickSettings.from_env(), structured_log(), SystemClock(), SystemChance()
    seals = _seals("tick", settings, clock)
    database = _database(settings, seals)
    schedules, runs = DynamoSchedules(database), DynamoRuns(database)
    queue = _dispatch_queue(settings, seals, database, clock)
    side_by_side = ThreadPoolExecutor(TICK_THREADS).map
    advance = build_advance(schedules, runs, DynamoOutputs(database), queue, clock, chance, log, side_by_side)
    ended = build_ended(DynamoSlots(database), queue, clock, chance, log, advance)
    sweep = Sweep(schedules, runs, ended, queue, clock, chance, side_by_side, log)
    tick = Tick(schedules, Claimer(schedules, queue, clock, chance), sweep, clock, side_by_side, log)
    own_function = OwnFunction(client("lambda"), settings.aws_lambda_function_name)
    metrics = _metrics(settings, clock)
    liveness = Liveness(runs, clock, metrics, log)
    work_off = _work_off(database, queue, clock, log, side_by_side)
    ranges = settings.shards, settings.shards_per_tick
    return SpreadTick(tick, liveness, own_function, *ranges, work_off.all, metrics.put_all), log


@cache
def wire_worker() -> "tuple[Execute, Clock, Log, Metrics]":
    """What the worker needs."""
    from concurrent.futures import ThreadPoolExecutor

    import carillon.zones  # noqa: F401 - the pinned zone data, before the first timetable
    from carillon.adapters.clock import SystemChance, SystemClock
    from carillon.adapters.dynamo.facts import DynamoFacts
    from carillon.adapters.dynamo.outputs import DynamoOutputs
    from carillon.adapters.dynamo.run_logs import DynamoRunLogs
    from carillon.adapters.dynamo.runs import DynamoRuns
    from carillon.adapters.dynamo.schedules import DynamoSchedules
    from carillon.adapters.dynamo.slots import DynamoSlots
    from carillon.adapters.targets.http import HttpTarget
    from carillon.adapters.targets.python import PythonTarget
    from carillon.adapters.targets.registry import Targets
    from carillon.adapters.targets.task_pool import TaskPool
    from carillon.domain.allow_list import AllowList
    from carillon.domain.host_gate import parse_limits
    from carillon.domain.targets.kind import AwsAllow, Reach
    from carillon.log import structured_log
    from carillon.services.attempt import Attempt
    from carillon.services.ended import build_ended
    from carillon.services.execute import Execute
    from carillon.services.follow_work import FollowWork
    from carillon.services.host_gate import HostGate
    from carillon.services.open_secrets import OpenSecrets
    from carillon.services.turn import build_turn
    from carillon.services.wind_up import WindUp
    from carillon.services.window import LastSuccess
    from carillon.services.workflow import build_advance, build_steps
    from carillon.settings import WorkerSettings

    settings, log, clock, chance = WorkerSettings.from_env(), structured_log(), SystemClock(), SystemChance()
    seals = _seals("worker", settings, clock)
    database = _database(settings, seals)
    schedules, runs = DynamoSchedules(database), DynamoRuns(database)
    queue = _dispatch_queue(settings, seals, database, clock)
    reach = Reach(AllowList.of(settings.http_allow), AwsAllow(settings.target_arns, settings.own_arns))
    own: dict[str, Target] = {
        "http": HttpTarget(reach.http),
        "python": PythonTarget(TaskPool(size=WORKER_BATCH)),
    }
    targets = Targets(own, reach, settings.environment)
    stores, parts = (schedules, runs, DynamoOutputs(database)), (queue, clock, chance)
    side_by_side = ThreadPoolExecutor(FAN_OUT_THREADS).map
    steps = build_steps(*stores, *parts, side_by_side)
    attempt = Attempt(
        schedules,
        targets,
        clock,
        log,
        settings.api_url,
        steps.inputs,
        steps.jobs,
        OpenSecrets(seals.keyring),
        DynamoRunLogs(database),
        LastSuccess(schedules, runs),
    )
    slots = DynamoSlots(database)
    ended = build_ended(slots, *parts, log, build_advance(*stores, *parts, log, side_by_side))
    turn = build_turn(runs, slots, queue, ended, clock, chance)
    messages = seals.verifying_messages()
    wind_up = WindUp(runs, ended, clock, chance)
    facts = DynamoFacts(database)
    work = FollowWork(targets, facts, *stores, wind_up, *parts, log)
    gate = HostGate(facts, parse_limits(settings.host_limits), clock, chance, log)
    execute = Execute(messages, runs, attempt, turn, ended, queue, clock, chance, log, steps, work, gate)
    return execute, clock, log, _metrics(settings, clock)


@cache
def wire_completion() -> "tuple[NoteCompletion, str, Log]":
    """What takes in word of ended work needs."""
    from carillon.adapters.clock import SystemClock
    from carillon.adapters.dynamo.facts import DynamoFacts
    from carillon.adapters.dynamo.runs import DynamoRuns
    from carillon.log import structured_log
    from carillon.services.note_completion import NoteCompletion
    from carillon.settings import CompletionSettings

    settings, log, clock = CompletionSettings.from_env(), structured_log(), SystemClock()
    database = _database(settings)
    queue = _dispatch_queue(settings, _seals("completion", settings, clock), database, clock)
    note = NoteCompletion(DynamoFacts(database), DynamoRuns(database), queue, clock, log)
    return note, settings.environment, log


@cache
def wire_follow() -> "tuple[Follow, FollowBatch, Log]":
    """What the follower of the Runs stream needs."""
    from concurrent.futures import ThreadPoolExecutor

    import carillon.zones  # noqa: F401 - the pinned zone data, before the first timetable
    from carillon.adapters.aws import client
    from carillon.adapters.clock import SystemChance, SystemClock
    from carillon.adapters.dynamo.facts import DynamoFacts
    from carillon.adapters.dynamo.runs import DynamoRuns
    from carillon.adapters.dynamo.schedules import DynamoSchedules
    from carillon.adapters.dynamo.slots import DynamoSlots
    from carillon.adapters.dynamo.stats import DynamoStats
    from carillon.adapters.sns import SnsAlertTopic
    from carillon.log import structured_log
    from carillon.services.alert_runs import AlertRuns
    from carillon.services.chain_runs import ChainRuns
    from carillon.services.count_runs import CountRuns
    from carillon.services.end_queued import EndQueued
    from carillon.services.ended import build_ended
    from carillon.services.enqueue import Enqueue
    from carillon.services.follow import Follow
    from carillon.services.follow_batch import FollowBatch
    from carillon.services.journal import Journal
    from carillon.services.pause_schedule import ITSELF, PauseSchedule
    from carillon.settings import FollowSettings

    settings, log, clock, chance = FollowSettings.from_env(), structured_log(), SystemClock(), SystemChance()
    seals = _seals("follow", settings, clock)
    database = _database(settings, seals)
    queue = _dispatch_queue(settings, seals, database, clock)
    side_by_side = ThreadPoolExecutor(TICK_THREADS).map
    count = CountRuns(DynamoStats(database), clock, chance, side_by_side)
    work_off, metrics = _work_off(database, queue, clock, log, side_by_side), _metrics(settings, clock)
    topic = SnsAlertTopic(client("sns"), settings.alerts_topic_arn)
    slots, runs = DynamoSlots(database), DynamoRuns(database)
    own_schedules = DynamoSchedules(database)
    # Only unstarted runs of fire times are ended here, and those have no steps that would have to move on.
    ended = build_ended(slots, queue, clock, chance, log)
    end_queued = EndQueued(runs, slots, ended, clock, chance, settings.skew_seconds)
    pause = PauseSchedule(own_schedules, clock, Journal(chance), end_queued)
    alert_runs = AlertRuns(
        own_schedules,
        DynamoFacts(database),
        topic,
        lambda schedule_id: pause(ITSELF, schedule_id),
        clock,
        chance,
        log,
        settings.environment,
    )
    batch = FollowBatch(count, work_off, alert_runs, metrics, frozenset(settings.measured_schedules))
    schedules, enqueue = DynamoSchedules(database), Enqueue(DynamoRuns(database), queue, clock)
    chain = ChainRuns(schedules, enqueue, clock, log)
    return Follow(topic, log, settings.environment, chain), batch, log


@cache
def wire_archive() -> "tuple[Archive, ArchiveAudit]":
    """What the archiver of the Runs and Audit streams needs."""
    from carillon.adapters.aws import client
    from carillon.adapters.s3 import S3ArchiveBucket
    from carillon.log import structured_log
    from carillon.services.archive import Archive
    from carillon.services.archive_audit import ArchiveAudit
    from carillon.settings import ArchiveSettings

    settings, s3, log = ArchiveSettings.from_env(), client("s3"), structured_log()
    archive = Archive(S3ArchiveBucket(s3, settings.archive_bucket), log)
    return archive, ArchiveAudit(_audit_archive(settings, s3), log)


@cache
def wire_dead_letter() -> "tuple[TakeInDeadLetter, Log, Metrics]":
    """What the end of undeliverable messages needs."""
    from carillon.adapters.aws import client
    from carillon.adapters.clock import SystemChance, SystemClock
    from carillon.adapters.dynamo.dead_letters import DynamoDeadLetters
    from carillon.adapters.dynamo.outputs import DynamoOutputs
    from carillon.adapters.dynamo.runs import DynamoRuns
    from carillon.adapters.dynamo.schedules import DynamoSchedules
    from carillon.adapters.dynamo.slots import DynamoSlots
    from carillon.adapters.sns import SnsAlertTopic
    from carillon.log import structured_log
    from carillon.services.dead_letter import TakeInDeadLetter
    from carillon.services.ended import build_ended
    from carillon.services.workflow import build_advance
    from carillon.settings import DeadLetterSettings

    settings, log, clock, chance = (
        DeadLetterSettings.from_env(),
        structured_log(),
        SystemClock(),
        SystemChance(),
    )
    seals = _seals("deadletter", settings, clock)
    database = _database(settings, seals)
    queue = _dispatch_queue(settings, seals, database, clock)
    runs = DynamoRuns(database)
    advance = build_advance(
        DynamoSchedules(database), runs, DynamoOutputs(database), queue, clock, chance, log
    )
    take_in = TakeInDeadLetter(
        seals.verifying_messages(),
        runs,
        DynamoDeadLetters(database),
        SnsAlertTopic(client("sns"), settings.alerts_topic_arn),
        build_ended(DynamoSlots(database), queue, clock, chance, log, advance),
        clock,
        chance,
        log,
        settings.environment,
    )
    return take_in, log, _metrics(settings, clock)


def _other_issuers(settings: "ApiSettings", clock: Clock) -> "tuple[Issuer, ...]":
    """The external issuer, if the stack has one."""
    if not settings.oidc_issuer:
        return ()
    from carillon.adapters.oidc import OidcVerifier
    from carillon.services.authenticate import Issuer
    from carillon.settings import SettingsError

    if not settings.oidc_audience:
        raise SettingsError(
            "ApiSettings: OIDC_AUDIENCE is missing; without it any token of the issuer would do"
        )
    pairs = (each.partition("=") for each in settings.oidc_roles)
    return (
        Issuer(
            settings.oidc_issuer,
            OidcVerifier(settings.oidc_issuer, clock),
            settings.oidc_audience,
            settings.oidc_role_claim,
            {claimed: role for claimed, _, role in pairs},
        ),
    )


@cache
def wire_api() -> "Api":
    """What the HTTP API needs."""
    import carillon.zones  # noqa: F401 - the pinned zone data, before the first timetable
    from carillon.adapters.aws import client
    from carillon.adapters.clock import SystemChance, SystemClock
    from carillon.adapters.dynamo.access import DynamoAccess
    from carillon.adapters.dynamo.audit_log import DynamoAuditLog
    from carillon.adapters.dynamo.backfills import DynamoBackfills
    from carillon.adapters.dynamo.cursor_keys import DynamoCursorKeys
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
    from carillon.adapters.emf import EmfMetrics
    from carillon.adapters.kms import KmsDataKeys, KmsTokenSigner
    from carillon.adapters.targets.registry import added_kinds
    from carillon.domain.allow_list import AllowList
    from carillon.domain.definition import Limits
    from carillon.domain.risk import risk
    from carillon.domain.targets.kind import AwsAllow
    from carillon.domain.targets.registry import add_kinds
    from carillon.log import structured_log
    from carillon.services.api import build_api
    from carillon.services.doors import DoorPorts
    from carillon.settings import ApiSettings

    add_kinds(added_kinds())
    settings, clock, chance, kms = ApiSettings.from_env(), SystemClock(), SystemChance(), client("kms")
    seals = _seals("api", settings, clock)
    database = _database(settings, seals)
    signer = KmsTokenSigner(kms, settings.token_key_id, clock)
    return build_api(
        schedules=DynamoSchedules(database),
        runs=DynamoRuns(database),
        access=DynamoAccess(database),
        guards=DynamoGuards(database),
        revocations=DynamoRevocations(database),
        audit=DynamoAuditLog(database),
        slots=DynamoSlots(database),
        outputs=DynamoOutputs(database),
        logs=DynamoRunLogs(database),
        kept=DynamoDeadLetters(database),
        backfills=DynamoBackfills(database),
        states=DynamoRunStates(database),
        stats=DynamoStats(database),
        queue=_dispatch_queue(settings, seals, database, clock),
        signer=signer,
        verifier=signer.ring,
        other_issuers=_other_issuers(settings, clock),
        cursor_keys=DynamoCursorKeys(database, KmsDataKeys(kms, settings.data_key_id, "cursor")),
        clock=clock,
        chance=chance,
        log=structured_log(),
        limits=Limits.of_stack(
            settings.worker_timeout_seconds,
            settings.minimum_interval_seconds,
            AllowList.of(settings.http_allow),
            AwsAllow(settings.target_arns, settings.own_arns),
        ),
        issuer=settings.environment,
        door_ports=DoorPorts(
            facts=DynamoFacts(database),
            factors=DynamoFactors(database),
            sealer=seals.keyring,
            opener=seals.keyring,
            metrics=EmfMetrics(settings.powertools_metrics_namespace, settings.environment, clock),
            risk=risk,
            triggers_per_minute=settings.triggers_per_minute,
        ),
        shards=settings.shards,
        skew_seconds=settings.skew_seconds,
    )


@cache
def wire_operator() -> "tuple[Operator, Log]":
    """What the operator's commands need."""
    from carillon.adapters.audit_archive import KmsRootSigner
    from carillon.adapters.aws import client
    from carillon.adapters.clock import SystemChance, SystemClock
    from carillon.adapters.dynamo.access import DynamoAccess
    from carillon.adapters.dynamo.audit_log import DynamoAuditLog
    from carillon.adapters.dynamo.factors import DynamoFactors
    from carillon.adapters.dynamo.sealed_rows import DynamoSealedRows
    from carillon.adapters.keyring import Keyring
    from carillon.log import structured_log
    from carillon.services.bootstrap_admin import BootstrapAdmin
    from carillon.services.journal import Journal
    from carillon.services.operator import Operator
    from carillon.services.re_seal import ReSeal
    from carillon.services.seal_audit import AuditSeals
    from carillon.settings import OperatorSettings

    settings, clock, chance, log = (
        OperatorSettings.from_env(),
        SystemClock(),
        SystemChance(),
        structured_log(),
    )
    database = _database(settings)
    bootstrap = BootstrapAdmin(
        DynamoAccess(database), clock, chance, Journal(chance), DynamoFactors(database)
    )
    archive, signer = (
        _audit_archive(settings, client("s3")),
        KmsRootSigner(client("kms"), settings.root_key_id),
    )
    seals = AuditSeals(DynamoAuditLog(database), archive, signer, clock, log, settings.environment)
    kms = cache(lambda: client("kms"))
    keyring = Keyring(kms, settings.data_key_ids, settings.environment, clock)
    return Operator(bootstrap, seals, ReSeal(DynamoSealedRows(database), keyring, clock, log)), log


def _audit_archive(settings: "ArchiveSettings | OperatorSettings", s3: Any) -> "S3AuditArchive":
    from carillon.adapters.audit_archive import S3AuditArchive
    from carillon.adapters.clock import SystemClock

    return S3AuditArchive(
        s3, settings.archive_bucket, SystemClock(), settings.audit_lock_days, settings.audit_lock_mode
    )
