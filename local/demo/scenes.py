"""The scenes of the tour: what each schedule is, when it must fire, and how its runs must end.

The fire times are worked out here by plain arithmetic, without the scheduler's own timetables. Schedules
with a rhythm have no end: past the window their rows show how far ahead the tick has claimed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Window:
    """When the tour's schedules fire; neither end is a fire time of any scene."""

    starts_at: datetime
    ends_at: datetime

    def after(self, seconds: int) -> datetime:
        """Give the moment so many whole seconds into the window."""
        return self.starts_at.replace(microsecond=0) + seconds * SECOND

    def every(self, seconds: int) -> tuple[datetime, ...]:
        """Give the multiples of so many seconds of the clock that lie in the window."""
        first = int(self.starts_at.timestamp()) // seconds + 1
        last = int(self.ends_at.timestamp()) // seconds
        return tuple(
            datetime.fromtimestamp(turn * seconds, self.starts_at.tzinfo) for turn in range(first, last + 1)
        )


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One schedule of the tour and what must come of it; `path` is where the receiver is called."""

    schedule_id: str
    tells: str
    path: str
    ends: str = "SUCCEEDED"
    expression: str = "@yearly"
    rhythm_seconds: int | None = None
    once_at: int | None = None
    calls_per_run: int = 1
    retry: Mapping[str, Any] = field(default_factory=lambda: {"max_attempts": 3, "base_seconds": 1})
    paused: bool = False
    triggered: bool = False
    alerted: bool = False

    def fires(self, window: Window) -> tuple[datetime, ...]:
        """Give the fire times inside the window."""
        if self.rhythm_seconds is not None:
            return window.every(self.rhythm_seconds)
        return () if self.once_at is None else (window.after(self.once_at),)

    def document(self, window: Window, receiver_url: str) -> dict[str, Any]:
        """Write the schedule as the API takes it."""
        url = f"{receiver_url}/{self.path}"
        return {
            "schedule_id": self.schedule_id,
            "description": self.tells,
            "timetable": self._timetable(window),
            "job": {
                "target": {"kind": "http", "method": "POST", "url": url, "body": {"from": "demo"}},
                "timeout_seconds": 5,
                "retry": dict(self.retry),
            },
        }

    def _timetable(self, window: Window) -> dict[str, Any]:
        if self.once_at is not None:
            moment = window.after(self.once_at)
            return {"expression": f"at({moment:%Y-%m-%dT%H:%M:%S})", "zone": "UTC"}
        timetable = {"expression": self.expression, "zone": "UTC"}
        if self.rhythm_seconds is not None:
            timetable["starts_at"] = window.starts_at.isoformat().replace("+00:00", "Z")
        return timetable


SCENES = (
    Scene(
        "heartbeat",
        "an HTTP job every 5 seconds",
        "ok/heartbeat",
        expression="*/5 * * * * *",
        rhythm_seconds=5,
    ),
    Scene("minutely", "a cron job each minute", "ok/minutely", expression="* * * * *", rhythm_seconds=60),
    Scene("one-shot", "an at() one-shot", "ok/one-shot", once_at=20),
    Scene("flaky", "fails twice, then succeeds", "flaky/2/flaky", once_at=10, calls_per_run=3),
    Scene(
        "broken",
        "always fails, and an alert tells",
        "fail/broken",
        ends="FAILED",
        once_at=12,
        calls_per_run=2,
        retry={"max_attempts": 2, "base_seconds": 1},
        alerted=True,
    ),
    Scene(
        "paused",
        "paused before its first fire time",
        "ok/paused",
        ends="SKIPPED",
        expression="*/5 * * * * *",
        rhythm_seconds=5,
        calls_per_run=0,
        paused=True,
    ),
    Scene("on-request", "a manual trigger", "ok/on-request", triggered=True),
)
