"""What the tick needs."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cache
from typing import Final

import carillon.zones  # noqa: F401 - the pinned zone data, before the first timetable
from carillon.adapters.aws import client
from carillon.adapters.dynamo.facts import DynamoFacts
from carillon.adapters.dynamo.outputs import DynamoOutputs
from carillon.adapters.dynamo.runs import DynamoRuns
from carillon.adapters.dynamo.schedules import DynamoSchedules
from carillon.adapters.dynamo.slots import DynamoSlots
from carillon.adapters.lambda_invoke import OwnFunction
from carillon.ports.dispatch import DispatchQueue
from carillon.ports.world import Concurrently, Log
from carillon.services.claim import Claimer
from carillon.services.ended import build_ended
from carillon.services.liveness import Liveness
from carillon.services.rules_of import RulesOf
from carillon.services.spread import SpreadTick
from carillon.services.sweep import Sweep
from carillon.services.tell_alerts import TellAlerts
from carillon.services.tick import Tick
from carillon.services.watch_limits import WatchLimits
from carillon.services.workflow import build_advance
from carillon.settings import TickSettings
from carillon.wiring.backfills import work_off
from carillon.wiring.ground import Ground

THREADS: Final = 8
"""Enough to hide the latency of claims and sends; what is left after that is botocore's own work."""


def _watch(ground: Ground, settings: TickSettings) -> WatchLimits:
    """Early alerts; the follower's clock sends what is kept here."""
    window, environment = timedelta(seconds=settings.alert_window_seconds), settings.environment
    facts, log = DynamoFacts(ground.database), ground.log
    keep = TellAlerts(facts, {}, ground.clock, ground.chance, log, environment, window)
    rules_of = RulesOf(DynamoSchedules(ground.database), log)
    return WatchLimits(rules_of, keep, ground.clock, log, environment)


def _tick(ground: Ground, settings: TickSettings, queue: DispatchQueue, side_by_side: Concurrently) -> Tick:
    """One pass: claim what is due, then sweep what is overdue."""
    clock, chance, log, database = ground.clock, ground.chance, ground.log, ground.database
    schedules, runs = DynamoSchedules(database), DynamoRuns(database)
    advance = build_advance(schedules, runs, DynamoOutputs(database), queue, clock, chance, log, side_by_side)
    ended = build_ended(DynamoSlots(database), queue, clock, chance, log, advance)
    sweep = Sweep(schedules, runs, ended, queue, clock, chance, side_by_side, log, _watch(ground, settings))
    return Tick(schedules, Claimer(schedules, queue, clock, chance), sweep, clock, side_by_side, log)


@cache
def wire_tick() -> tuple[SpreadTick, Log]:
    """The tick over its ranges of shards, and its log."""
    settings = TickSettings.from_env()
    ground = Ground("tick", settings)
    queue, metrics = ground.dispatch_queue(), ground.metrics()
    side_by_side = ThreadPoolExecutor(THREADS).map
    liveness = Liveness(DynamoRuns(ground.database), ground.clock, metrics, ground.log)
    spread = SpreadTick(
        _tick(ground, settings, queue, side_by_side),
        liveness,
        OwnFunction(client("lambda"), settings.aws_lambda_function_name),
        settings.shards,
        settings.shards_per_tick,
        work_off(ground, queue, side_by_side).all,
        metrics.put_all,
    )
    return spread, ground.log
