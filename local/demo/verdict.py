"""Holds what happened against what had to happen, and says every difference in a sentence."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.demo.scenes import Scene, Window

Runs = Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the tour saw of one scene: the API's runs, and calls at the receiver by idempotency key."""

    runs: Runs
    calls: Counter[str]
    alerts: Counter[str]


def differences(scene: Scene, window: Window, evidence: Evidence) -> list[str]:
    """Say what differs from the scene's expectation; an empty list is a pass."""
    found = [*_fire_times(scene, window, evidence.runs), *_ends(scene, evidence), *_alerts(scene, evidence)]
    return [f"{scene.schedule_id}: {sentence}" for sentence in found]


def unfinished(scene: Scene, window: Window, runs: Runs) -> int:
    """Count the runs that must still appear or end."""
    wanted = len(scene.fires(window)) + scene.triggered
    return wanted - sum(1 for run in runs if run["ended_at"] is not None)


def lateness(runs: Iterable[dict[str, Any]]) -> list[int]:
    """Give the lateness in ms of every started run of a fire time, smallest first."""
    return sorted(
        run["lateness_ms"] for run in runs if run["origin"] == "fire" and run["lateness_ms"] is not None
    )


def percentile(ordered: Sequence[int], share: float) -> int:
    """Give the smallest value that so large a share of the values does not exceed."""
    rank = -int(-len(ordered) * share // 1)
    return ordered[max(rank, 1) - 1]


def _fire_times(scene: Scene, window: Window, runs: Runs) -> Iterator[str]:
    recorded = Counter(moment(run["fire_at"]) for run in runs if run["origin"] == "fire")
    expected = set(scene.fires(window))
    for fire_at in sorted(expected - set(recorded)):
        yield f"the fire time {fire_at:%H:%M:%S} has no row"
    for fire_at in sorted(set(recorded) - expected):
        yield f"there is a row for {fire_at:%H:%M:%S}, which is no fire time"
    for fire_at, count in sorted(recorded.items()):
        if count > 1:
            yield f"the fire time {fire_at:%H:%M:%S} has {count} rows"
    manual = sum(1 for run in runs if run["origin"] == "manual")
    if manual != scene.triggered:
        yield f"{manual} manual runs are recorded, {int(scene.triggered)} were asked for"


def _ends(scene: Scene, evidence: Evidence) -> Iterator[str]:
    for run in evidence.runs:
        if run["state"] != scene.ends:
            yield f"{run['run_id']} is {run['state']} ({run['reason']}), not {scene.ends}"
        calls = evidence.calls[run["run_id"]]
        if calls != scene.calls_per_run:
            yield f"{run['run_id']} called its target {calls} times, not {scene.calls_per_run}"


def _alerts(scene: Scene, evidence: Evidence) -> Iterator[str]:
    for run in evidence.runs:
        told = evidence.alerts[run["run_id"]]
        if scene.alerted and not told:
            yield f"nobody was told that {run['run_id']} failed"
        if told and not scene.alerted:
            yield f"{run['run_id']} was alerted and did not fail"


def moment(text: str) -> datetime:
    """Read a time as the API writes it."""
    return datetime.fromisoformat(text)
