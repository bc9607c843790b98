"""What taking in word of ended work needs."""

from functools import cache

from carillon.adapters.dynamo.facts import DynamoFacts
from carillon.adapters.dynamo.runs import DynamoRuns
from carillon.ports.world import Log
from carillon.services.note_completion import NoteCompletion
from carillon.settings import CompletionSettings
from carillon.wiring.ground import Ground


@cache
def wire_completion() -> tuple[NoteCompletion, str, Log]:
    """The service, the stack's name, and the log."""
    settings = CompletionSettings.from_env()
    ground = Ground("completion", settings)
    facts, runs = DynamoFacts(ground.database), DynamoRuns(ground.database)
    note = NoteCompletion(facts, runs, ground.dispatch_queue(), ground.clock, ground.log)
    return note, settings.environment, ground.log
