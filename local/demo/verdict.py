"""Holds what happened against what had to happen, and says every difference in a sentence."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from local.demo.scenes import Scene, Window

Runs = Sequence[dict[str, Any]]
# The window begins at least 3 s after a schedule is made, so nothing made with it reaches further than this.
_CLAIMED_AT_ONCE = timedelta(seconds=183)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the tour saw of one scene: the API's runs, and calls at the receiver by idempotency key."""

    runs: Runs
    calls: Counter[str]
    alerts: Counter[str]


def within(window: Window, runs: Runs) -> list[dict[str, Any]]:
    """Give the runs that are judged; those of later fire times only show what was claimed ahead."""
    return [run for run in runs if moment(run["fire_at"]) < window.ends_at]


def claimed_ahead(scene: Scene, window: Window, runs: Runs) -> list[str]:
    """Say what is wrong with the rows past the window: they must go on without a gap, further than at first.

    Creating a schedule claims three minutes ahead; whatever lies beyond was claimed by a tick.
    """
    if scene.rhythm_seconds is None or scene.paused:
        return []
    rhythm = timedelta(seconds=scene.rhythm_seconds)
    ahead = sorted(moment(run["fire_at"]) for run in runs if moment(run["fire_at"]) > window.ends_at)
    expected = [scene.fires(window)[-1] + rhythm * (index + 1) for index in range(len(ahead))]
    if ahead != expected:
        return [f"{scene.schedule_id}: the rows claimed ahead have a gap or a double"]
    last = ahead[-1] if ahead else window.ends_at
    if last + rhythm <= window.starts_at + _CLAIMED_AT_ONCE:
        return [f"{scene.schedule_id}: no tick has claimed ahead; the last row is for {last:%H:%M:%S}"]
    return []


def differences(scene: Scene, window: Window, evidence: Evidence) -> list[str]:
    """Say what differs from the scene's expectation; an empty list is a pass."""
    found = [*_fire_times(scene, window, evidence.runs), *_ends(scene, evidence), *_alerts(scene, evidence)]
    return [f"{scene.schedule_id}: {sentence}" for sentence in found]


def settled(scene: Scene, window: Window, runs: Runs) -> bool:
    """Say whether every run that must appear has ended, and the last tick's claims are there."""
    wanted = len(scene.fires(window)) + scene.triggered
    ended = sum(1 for run in within(window, runs) if run["ended_at"] is not None)
    return ended >= wanted and not claimed_ahead(scene, window, runs)


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
