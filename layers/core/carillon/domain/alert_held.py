"""Alerts that are counted and told later, together: of one kind, in one message that says how many and whose."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from carillon.domain.alert import MOST_SCHEDULES, Alert, made_alert, schedule_of
from carillon.domain.moments import to_ms, to_rfc3339

MAX_HELD: Final = 50
"""Schedules that are counted by name; of more only the number of alerts is known."""
MAX_RUN_IDS: Final = 20


@dataclass(frozen=True, slots=True)
class Held:
    """Alerts of one kind that were counted and not told: how many, whose, the runs of some, and the first one whole."""

    count: int = 0
    schedules: Mapping[str, int] = field(default_factory=dict)
    elsewhere: int = 0
    run_ids: tuple[str, ...] = ()
    first: Alert | None = None

    def plus(self, alert: Alert) -> "Held":
        """With one more; beyond MAX_HELD schedules only the number grows."""
        name, run_id = schedule_of(alert), alert.message.get("run_id")
        is_kept = name in self.schedules or len(self.schedules) < MAX_HELD
        schedules = {**self.schedules, name: self.schedules.get(name, 0) + 1} if is_kept else self.schedules
        run_ids = self.run_ids if run_id is None else (*self.run_ids, str(run_id))[:MAX_RUN_IDS]
        elsewhere = self.elsewhere + (not is_kept)
        return Held(self.count + 1, schedules, elsewhere, run_ids, self.first or alert)

    def value(self) -> dict[str, Any]:
        """As it is stored."""
        return {
            "count": self.count,
            "schedules": dict(self.schedules),
            "elsewhere": self.elsewhere,
            "run_ids": list(self.run_ids),
            "first": None
            if self.first is None
            else [self.first.subject, dict(self.first.message), list(self.first.to)],
        }

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> "Held":
        """As it was stored."""
        first = value["first"]
        return cls(
            int(value["count"]),
            {str(name): int(count) for name, count in value["schedules"].items()},
            int(value["elsewhere"]),
            tuple(map(str, value["run_ids"])),
            None
            if first is None
            else Alert(str(first[0]), first[1], tuple(map(str, first[2] if len(first) > 2 else ()))),
        )


def held_alert(heap: str, held: Held, since: datetime, environment: str) -> Alert:
    """What was held back of a heap since a moment as one message; a single alert as it is."""
    if held.count == 1 and held.first is not None:
        return held.first
    kind, to = (held.first.kind, held.first.to) if held.first is not None else (heap, ())
    schedules = Counter(held.schedules)
    more = "more than " if held.elsewhere else ""
    details = {
        "of": kind,
        "count": held.count,
        "since": to_rfc3339(since),
        "schedules": dict(schedules.most_common(MOST_SCHEDULES)),
        "schedule_count": len(schedules),
        "run_ids": list(held.run_ids),
        "examples": [] if held.first is None else [dict(held.first.message)],
    }
    subject = f"{held.count} more x {kind} of {more}{len(schedules)} schedules since {since:%H:%M:%S}Z"
    identity = f"held:{heap}:{to_ms(since)}:{held.count}"
    return made_alert("alerts_grouped", identity, subject, environment, details, to)
