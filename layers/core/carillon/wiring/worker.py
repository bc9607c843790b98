"""What the worker needs."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final

import carillon.zones  # noqa: F401 - the pinned zone data, before the first timetable
from carillon.adapters.dynamo.facts import DynamoFacts
from carillon.adapters.dynamo.outputs import DynamoOutputs
from carillon.adapters.dynamo.run_logs import DynamoRunLogs
from carillon.adapters.dynamo.runs import DynamoRuns
from carillon.adapters.dynamo.schedules import DynamoSchedules
from carillon.adapters.dynamo.slots import DynamoSlots
from carillon.adapters.otlp import OtlpSpans
from carillon.adapters.targets.http import HttpTarget
from carillon.adapters.targets.python import PythonTarget
from carillon.adapters.targets.registry import Targets, added_kinds
from carillon.adapters.targets.task_pool import TaskPool
from carillon.domain.allow_list import AllowList
from carillon.domain.host_gate import parse_limits
from carillon.domain.targets.kind import AwsAllow, Reach
from carillon.domain.targets.registry import add_kinds
from carillon.ports.signals import Metrics, Spans
from carillon.ports.targets import Target
from carillon.ports.world import Clock, Log
from carillon.services.attempt import Attempt
from carillon.services.ended import build_ended
from carillon.services.execute import Execute
from carillon.services.follow_work import FollowWork
from carillon.services.host_gate import HostGate
from carillon.services.open_secrets import OpenSecrets
from carillon.services.turn import build_turn
from carillon.services.wind_up import WindUp
from carillon.services.window import LastSuccess
from carillon.services.workflow import Steps, build_advance, build_steps
from carillon.settings import WorkerSettings
from carillon.wiring.ground import Ground

BATCH: Final = 10
"""Messages of one batch, each of which may need a task's process at the same time."""

THREADS: Final = 8
"""Steps of one fan-out that are begun side by side."""


def _targets(settings: WorkerSettings) -> Targets:
    """Every kind of target, within what the stack allows."""
    reach = Reach(AllowList.of(settings.http_allow), AwsAllow(settings.target_arns, settings.own_arns))
    own: dict[str, Target] = {
        "http": HttpTarget(reach.http),
        "python": PythonTarget(TaskPool(size=BATCH)),
    }
    return Targets(own, reach, settings.environment)


def _attempt(ground: Ground, targets: Targets, api_url: str, steps: Steps) -> Attempt:
    """What makes one attempt of a run."""
    database = ground.database
    schedules, runs = DynamoSchedules(database), DynamoRuns(database)
    secrets, logs = OpenSecrets(ground.seals.keyring), DynamoRunLogs(database)
    window, clock, log = LastSuccess(schedules, runs), ground.clock, ground.log
    return Attempt(schedules, targets, clock, log, api_url, steps.inputs, steps.jobs, secrets, logs, window)


def _execute(ground: Ground, settings: WorkerSettings, spans: Spans | None) -> Execute:
    clock, chance, log, database = ground.clock, ground.chance, ground.log, ground.database
    runs, slots, facts = DynamoRuns(database), DynamoSlots(database), DynamoFacts(database)
    stores = DynamoSchedules(database), runs, DynamoOutputs(database)
    queue, targets = ground.dispatch_queue(), _targets(settings)
    parts, side_by_side = (queue, clock, chance), ThreadPoolExecutor(THREADS).map
    steps = build_steps(*stores, *parts, side_by_side)
    ended = build_ended(slots, *parts, log, build_advance(*stores, *parts, log, side_by_side))
    attempt, wind_up = _attempt(ground, targets, settings.api_url, steps), WindUp(runs, ended, clock, chance)
    return Execute(
        ground.seals.verifying_messages(),
        runs,
        attempt,
        build_turn(runs, slots, queue, ended, clock, chance),
        ended,
        *parts,
        log,
        steps,
        FollowWork(targets, facts, *stores, wind_up, *parts, log, attempt.mask),
        HostGate(facts, parse_limits(settings.host_limits), clock, chance, log),
        spans,
    )


@cache
def wire_worker() -> tuple[Execute, Clock, Log, Metrics, Spans | None]:
    """What carries out messages, with the clock, log, metrics and, where there is a collector, spans of its handler."""
    settings = WorkerSettings.from_env()
    # Secrets are bound to what a kind says it reaches, so the worker must hear the same as the api.
    add_kinds(added_kinds())
    ground = Ground("worker", settings)
    endpoint = settings.otel_exporter_otlp_endpoint
    spans = OtlpSpans(endpoint, settings.environment, ground.log) if endpoint else None
    return _execute(ground, settings, spans), ground.clock, ground.log, ground.metrics(), spans
