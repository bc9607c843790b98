"""The scenes of the tour: what each schedule is, when it must fire, and how its runs must end.

The fire times are worked out here by plain arithmetic, without the scheduler's own timetables.
"""

from collections.abc import Callable, Mapping, Sequence
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
    expression: Callable[[Window], str]
    fires: Callable[[Window], tuple[datetime, ...]]
    path: str
    ends: str
    calls_per_run: int = 1
    retry: Mapping[str, Any] = field(default_factory=lambda: {"max_attempts": 3, "base_seconds": 1})
    paused: bool = False
    triggered: bool = False
    alerted: bool = False
    windowed: bool = True

    def document(self, window: Window, receiver_url: str) -> dict[str, Any]:
        """Write the schedule as the API takes it."""
        timetable: dict[str, Any] = {"expression": self.expression(window), "zone": "UTC"}
        if self.windowed:
            timetable["starts_at"] = _text(window.starts_at)
        if self.windowed and not self.paused:
            timetable["ends_at"] = _text(window.ends_at)
        target = {
            "kind": "http",
            "method": "POST",
            "url": f"{receiver_url}/{self.path}",
            "body": {"from": "demo"},
        }
        return {
            "schedule_id": self.schedule_id,
            "description": self.tells,
            "timetable": timetable,
            "job": {"target": target, "timeout_seconds": 5, "retry": dict(self.retry)},
        }

    def within(self, window: Window, runs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Give the runs that count: a paused schedule has no end, and its later fire times wait for ever."""
        ends_at = _text(window.ends_at)
        return [run for run in runs if not self.paused or run["fire_at"] < ends_at]


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _at(seconds: int) -> Callable[[Window], str]:
    return lambda window: f"at({window.after(seconds):%Y-%m-%dT%H:%M:%S})"


def _once(seconds: int) -> Callable[[Window], tuple[datetime, ...]]:
    return lambda window: (window.after(seconds),)


SCENES = (
    Scene(
        "heartbeat",
        "an HTTP job every 5 seconds",
        lambda _window: "*/5 * * * * *",
        lambda window: window.every(5),
        "ok/heartbeat",
        "SUCCEEDED",
    ),
    Scene(
        "minutely",
        "a cron job each minute",
        lambda _window: "* * * * *",
        lambda window: window.every(60),
        "ok/minutely",
        "SUCCEEDED",
    ),
    Scene("one-shot", "an at() one-shot", _at(20), _once(20), "ok/one-shot", "SUCCEEDED", windowed=False),
    Scene(
        "flaky",
        "fails twice, then succeeds",
        _at(10),
        _once(10),
        "flaky/2/flaky",
        "SUCCEEDED",
        calls_per_run=3,
        windowed=False,
    ),
    Scene(
        "broken",
        "always fails, and an alert tells",
        _at(12),
        _once(12),
        "fail/broken",
        "FAILED",
        calls_per_run=2,
        retry={"max_attempts": 2, "base_seconds": 1},
        alerted=True,
        windowed=False,
    ),
    Scene(
        "paused",
        "paused before its first fire time",
        lambda _window: "*/5 * * * * *",
        lambda window: window.every(5),
        "ok/paused",
        "SKIPPED",
        calls_per_run=0,
        paused=True,
    ),
    Scene(
        "on-request",
        "a manual trigger",
        lambda _window: "@yearly",
        lambda _window: (),
        "ok/on-request",
        "SUCCEEDED",
        triggered=True,
        windowed=False,
    ),
)
