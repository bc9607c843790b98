"""What the end of undeliverable messages needs."""

from datetime import timedelta
from functools import cache

from carillon.adapters.dynamo.dead_letters import DynamoDeadLetters
from carillon.adapters.dynamo.facts import DynamoFacts
from carillon.adapters.dynamo.outputs import DynamoOutputs
from carillon.adapters.dynamo.runs import DynamoRuns
from carillon.adapters.dynamo.schedules import DynamoSchedules
from carillon.adapters.dynamo.slots import DynamoSlots
from carillon.ports.signals import Metrics
from carillon.ports.world import Log
from carillon.services.dead_letter import TakeInDeadLetter
from carillon.services.ended import build_ended
from carillon.services.tell_alerts import TellAlerts
from carillon.services.workflow import build_advance
from carillon.settings import DeadLetterSettings
from carillon.wiring.ground import Ground


def _take_in(ground: Ground, settings: DeadLetterSettings) -> TakeInDeadLetter:
    clock, chance, log, database = ground.clock, ground.chance, ground.log, ground.database
    queue, runs = ground.dispatch_queue(), DynamoRuns(database)
    stores = DynamoSchedules(database), runs, DynamoOutputs(database)
    advance = build_advance(*stores, queue, clock, chance, log)
    window = timedelta(seconds=settings.alert_window_seconds)
    return TakeInDeadLetter(
        ground.seals.verifying_messages(),
        runs,
        DynamoDeadLetters(database),
        TellAlerts(DynamoFacts(database), {}, clock, chance, log, settings.environment, window),
        build_ended(DynamoSlots(database), queue, clock, chance, log, advance),
        clock,
        chance,
        log,
        settings.environment,
    )


@cache
def wire_dead_letter() -> tuple[TakeInDeadLetter, Log, Metrics]:
    """The service, with the log and metrics of its handler."""
    settings = DeadLetterSettings.from_env()
    ground = Ground("deadletter", settings)
    return _take_in(ground, settings), ground.log, ground.metrics()
