"""What the tour prints: a line for each run that ended, and the closing tables."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from local.demo.scenes import SCENES, Scene, Window
from local.demo.verdict import lateness, percentile

Runs = Sequence[dict[str, Any]]


class Progress:
    """Prints each run once, when it has ended."""

    def __init__(self) -> None:
        self._shown: set[str] = set()

    def show(self, runs: Runs) -> None:
        """Print what ended since the last time, in order of the fire times."""
        fresh = [run for run in runs if run["ended_at"] and run["run_id"] not in self._shown]
        for run in sorted(fresh, key=lambda run: (run["fire_at"], run["run_id"])):
            self._shown.add(run["run_id"])
            print(_line(run), flush=True)


def _line(run: dict[str, Any]) -> str:
    late = "" if run["lateness_ms"] is None else f"{run['lateness_ms']} ms late"
    attempts = f"attempt {run['attempt']}" if run["attempt"] > 1 else ""
    note = run["reason"] or attempts
    return (
        f"  {run['fire_at'][11:19]}  {run['schedule_id']:<11} {late:>13}  {run['state']:<10} {note}".rstrip()
    )


def announce(window: Window) -> None:
    """Print the programme."""
    print(f"\nFrom {window.starts_at:%H:%M:%S} to {window.ends_at:%H:%M:%S} UTC:")
    for scene in SCENES:
        print(f"  {scene.schedule_id:<11} {scene.tells}")
    print()


def summary(evidence: Mapping[Scene, Runs]) -> None:
    """Print runs by state, and how late they started."""
    every = [run for runs in evidence.values() for run in runs]
    states = sorted({run["state"] for run in every})
    print("\n  " + f"{'':<11} " + " ".join(f"{state:>10}" for state in states))
    for scene, runs in evidence.items():
        counts = Counter(run["state"] for run in runs)
        print(
            "  " + f"{scene.schedule_id:<11} " + " ".join(f"{counts[state] or '-':>10}" for state in states)
        )
    late = lateness(every)
    if late:
        p50, p99 = percentile(late, 0.5), percentile(late, 0.99)
        print(f"\n  lateness of {len(late)} starts: p50 {p50} ms, p99 {p99} ms, maximum {late[-1]} ms")
