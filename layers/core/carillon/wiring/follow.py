"""What the follower of the Runs stream needs."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final

import carillon.zones  # noqa: F401 - the pinned zone data, before the first timetable
from carillon.adapters.dynamo.facts import DynamoFacts
from carillon.adapters.dynamo.runs import DynamoRuns
from carillon.adapters.dynamo.schedules import DynamoSchedules
from carillon.adapters.dynamo.slots import DynamoSlots
from carillon.adapters.dynamo.stats import DynamoStats
from carillon.ports.dispatch import DispatchQueue
from carillon.ports.world import Log
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
from carillon.services.tell_alerts import TellAlerts
from carillon.settings import FollowSettings
from carillon.wiring.alerts import tell_alerts
from carillon.wiring.backfills import work_off
from carillon.wiring.ground import Ground

THREADS: Final = 8
"""Counts and backfills of one batch of the stream, worked off side by side."""


def _pause(ground: Ground, queue: DispatchQueue, skew_seconds: int) -> PauseSchedule:
    """What pauses a schedule that has failed too often.

    Only unstarted runs of fire times are ended here, and those have no steps that would have to move on.
    """
    clock, chance, database = ground.clock, ground.chance, ground.database
    slots, runs = DynamoSlots(database), DynamoRuns(database)
    ended = build_ended(slots, queue, clock, chance, ground.log)
    end_queued = EndQueued(runs, slots, ended, clock, chance, skew_seconds)
    return PauseSchedule(DynamoSchedules(database), clock, Journal(chance), end_queued)


def _alert_runs(ground: Ground, tell: TellAlerts, pause: PauseSchedule, environment: str) -> AlertRuns:
    database = ground.database
    return AlertRuns(
        DynamoSchedules(database),
        DynamoFacts(database),
        tell,
        lambda schedule_id: pause(ITSELF, schedule_id),
        ground.clock,
        ground.chance,
        ground.log,
        environment,
    )


@cache
def wire_follow() -> tuple[Follow, FollowBatch, Log, TellAlerts]:
    """What follows each ended run, what follows a batch of them, the log, and what tells alerts."""
    settings = FollowSettings.from_env()
    ground = Ground("follow", settings)
    queue, side_by_side = ground.dispatch_queue(), ThreadPoolExecutor(THREADS).map
    tell = tell_alerts(ground, settings)
    batch = FollowBatch(
        CountRuns(DynamoStats(ground.database), ground.clock, ground.chance, side_by_side),
        work_off(ground, queue, side_by_side),
        _alert_runs(ground, tell, _pause(ground, queue, settings.skew_seconds), settings.environment),
        ground.metrics(),
        frozenset(settings.measured_schedules),
    )
    enqueue = Enqueue(DynamoRuns(ground.database), queue, ground.clock)
    chain = ChainRuns(DynamoSchedules(ground.database), enqueue, ground.clock, ground.log)
    return Follow(tell, ground.log, settings.environment, chain), batch, ground.log, tell
