"""What an alert says: a subject for people, and a JSON document whose `alert_id` tells a repetition from news."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from carillon.domain.run import Run
from carillon.domain.run_document import run_document

LAST_EVENTS: Final = 5
_SHOWN: Final = ("run_id", "schedule_id", "state", "reason", "attempt", "fire_at", "ended_at")


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert; whatever is told twice has the same `alert_id` in its message."""

    subject: str
    message: Mapping[str, Any]


def run_failed(run: Run, environment: str) -> Alert:
    """A run has ended in failure; the newest events tell why."""
    document = run_document(run)
    return _alert(
        "run_failed",
        f"{run.run_id}:{run.state}",
        f"{run.run_id.schedule_id} {run.state} ({document['fire_at']})",
        environment,
        {
            **{key: document[key] for key in _SHOWN},
            "events": document["events"][-LAST_EVENTS:],
        },
    )


def message_unreadable(message_id: str, reason: str, environment: str) -> Alert:
    """Something that is no dispatch message was on the Dispatch queue; its body is kept, not shown."""
    return _alert(
        "message_unreadable",
        f"dead-letter:{message_id}",
        "Unreadable message on the Dispatch queue",
        environment,
        {"message_id": message_id, "reason": reason},
    )


def run_unreadable(run_id: str, reason: str, environment: str) -> Alert:
    """A run's row cannot be read, so nothing that should follow it can happen."""
    return _alert(
        "run_unreadable",
        f"{run_id}:unreadable",
        f"Unreadable row of run {run_id}",
        environment,
        {"run_id": run_id, "reason": reason},
    )


def _alert(kind: str, alert_id: str, subject: str, environment: str, details: Mapping[str, Any]) -> Alert:
    message = {"alert": kind, "alert_id": alert_id, "environment": environment, **details}
    return Alert(f"{subject} in {environment}", message)
