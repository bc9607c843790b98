"""What works backfills off, for the tick and for the follower of ended runs."""

from carillon.adapters.dynamo.backfills import DynamoBackfills
from carillon.adapters.dynamo.run_states import DynamoRunStates
from carillon.adapters.dynamo.runs import DynamoRuns
from carillon.adapters.dynamo.schedules import DynamoSchedules
from carillon.ports.dispatch import DispatchQueue
from carillon.ports.world import Concurrently
from carillon.services.enqueue import Enqueue
from carillon.services.work_off import WorkOff
from carillon.wiring.ground import Ground


def work_off(ground: Ground, queue: DispatchQueue, side_by_side: Concurrently) -> WorkOff:
    """The service over this function's tables and queue."""
    clock, database = ground.clock, ground.database
    schedules, runs = DynamoSchedules(database), DynamoRuns(database)
    enqueue, states = Enqueue(runs, queue, clock), DynamoRunStates(database)
    return WorkOff(
        DynamoBackfills(database), schedules, runs, states, enqueue, clock, side_by_side, ground.log
    )
