"""State-change events of EventBridge: some work has ended → the run that waits for it is looked at."""

from collections.abc import Mapping
from typing import Any

from carillon.domain.completion_event import read_completion_event
from carillon.ports.world import Log
from carillon.services.note_completion import NoteCompletion
from carillon.wiring.completion import wire_completion


def handle(event: Mapping[str, Any], context: object) -> dict[str, str]:
    """Lambda's door."""
    return respond(event, *wire_completion())


def respond(event: Mapping[str, Any], note: NoteCompletion, stack: str, log: Log) -> dict[str, str]:
    """What became of the event; an error makes Lambda tell it again, after one and after two minutes."""
    ended = read_completion_event(event, stack)
    if ended is None:
        log(
            "event_unreadable",
            "The event tells of no work that is followed.",
            source=str(event.get("source"))[:40],
        )
        return {"noted": "unreadable"}
    return {"noted": str(note(ended))}
