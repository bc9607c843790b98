"""What an alert says: a subject for people, and a JSON document whose `alert_id` tells a repetition from news."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from carillon.domain.alert_rules import AlertKind
from carillon.domain.run import Run, RunState
from carillon.domain.run_document import between_ms, run_document

LAST_EVENTS: Final = 5
MAX_SINGLE: Final = 5
"""Alerts of one kind that are told one by one, of a batch and in a window."""
MOST_SCHEDULES: Final = 20
EXAMPLES: Final = 3

_WORDS: Final[Mapping[AlertKind, str]] = {
    AlertKind.LATE: "was late: {lateness_ms} ms",
    AlertKind.LONG: "took long: {duration_ms} ms",
    AlertKind.IN_A_ROW: "failed {failures} times in a row, paused: {paused}",
    AlertKind.RECOVERED: "has recovered",
}
TOO_LATE: Final = "was not run: it was {lateness_ms} ms late"
_MEASURED: Final[Mapping[AlertKind, tuple[str, ...]]] = {
    AlertKind.LATE: ("lateness_ms",),
    AlertKind.LONG: ("duration_ms",),
}
_SHOWN: Final = ("run_id", "schedule_id", "state", "reason", "attempt", "fire_at", "ended_at")


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert; whatever is told twice has the same `alert_id` in its message. Without `to` it is for all channels."""

    subject: str
    message: Mapping[str, Any]
    to: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """What it is about."""
        return str(self.message["alert"])


def run_alert(
    kind: AlertKind,
    run: Run,
    environment: str,
    details: Mapping[str, Any] | None = None,
    to: tuple[str, ...] = (),
) -> Alert:
    """A run has ended in a way that its schedule wants to be told of; the newest events tell why."""
    document = run_document(run)
    shown = {
        **{key: document[key] for key in _SHOWN},
        **{key: document[key] for key in _MEASURED.get(kind, ())},
        **(details or {}),
        "events": document["events"][-LAST_EVENTS:],
    }
    if kind is AlertKind.LATE and shown["lateness_ms"] is None and run.ended_at is not None:
        shown["lateness_ms"] = between_ms(run.fire_at, run.ended_at)
    words = TOO_LATE if kind is AlertKind.LATE and run.state is RunState.SKIPPED else _WORDS.get(kind)
    what = (words or str(run.state)).format(**shown)
    identity = run.state if kind is AlertKind.FAILED else kind
    subject = f"{run.run_id.schedule_id} {what} ({document['fire_at']})"
    return made_alert(str(kind), f"{run.run_id}:{identity}", subject, environment, shown, to)


def schedule_of(alert: Alert) -> str:
    """Whose alert it is; empty for a message that names no run."""
    return str(alert.message.get("schedule_id") or str(alert.message.get("run_id", "")).partition("@")[0])


def group_alert(alerts: Sequence[Alert], environment: str) -> Alert:
    """Alerts of one kind for the same channels that came together as one message."""
    kind = alerts[0].kind
    ids = [alert.message["alert_id"] for alert in alerts]
    schedules = Counter(schedule_of(alert) for alert in alerts)
    details = {
        "of": kind,
        "count": len(alerts),
        "schedules": dict(schedules.most_common(MOST_SCHEDULES)),
        "schedule_count": len(schedules),
        "run_ids": [alert.message["run_id"] for alert in alerts if "run_id" in alert.message],
        "examples": [dict(alert.message) for alert in alerts[:EXAMPLES]],
    }
    identity = f"group:{sha256(' '.join(ids).encode()).hexdigest()[:16]}"
    subject = f"{len(alerts)} x {kind} of {len(schedules)} schedules"
    return made_alert("alerts_grouped", identity, subject, environment, details, alerts[0].to)


def message_unreadable(message_id: str, reason: str, environment: str) -> Alert:
    """Something that is no dispatch message was on the Dispatch queue; its body is kept, not shown."""
    return made_alert(
        "message_unreadable",
        f"dead-letter:{message_id}",
        "Unreadable message on the Dispatch queue",
        environment,
        {"message_id": message_id, "reason": reason},
    )


def run_unreadable(run_id: str, reason: str, environment: str) -> Alert:
    """A run's row cannot be read, so nothing that should follow it can happen."""
    return made_alert(
        "run_unreadable",
        f"{run_id}:unreadable",
        f"Unreadable row of run {run_id}",
        environment,
        {"run_id": run_id, "reason": reason},
    )


def made_alert(
    kind: str,
    alert_id: str,
    subject: str,
    environment: str,
    details: Mapping[str, Any],
    to: tuple[str, ...] = (),
) -> Alert:
    """The alert with what every message has; `alert_id` tells a repetition from news."""
    message = {"alert": kind, "alert_id": alert_id, "environment": environment, **details}
    return Alert(f"{subject} in {environment}", message, to)
