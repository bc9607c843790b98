"""What the tour prints, within 80 columns: titles of acts, a line for each run that ended, the closing tables."""

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from local.demo.scenes import SCENES, Scene, Window
from local.demo.verdict import lateness, percentile

Runs = Sequence[dict[str, Any]]


def title(number: int, text: str) -> None:
    """Print the title of an act."""
    print(f"\n{number}. {text}", flush=True)


def below(text: str, indent: int = 3) -> None:
    """Print a sentence, in as many lines as it takes."""
    margin = " " * indent
    wrapped = textwrap.wrap(text, 80 - indent, break_long_words=False, break_on_hyphens=False)
    print(*(margin + line for line in wrapped), sep="\n")


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
        f"   {run['fire_at'][11:19]}  {run['schedule_id']:<11} {late:>13}  {run['state']:<10} {note}".rstrip()
    )


def announce(window: Window) -> None:
    """Print the programme."""
    title(3, f"The schedules, {window.starts_at:%H:%M:%S} to {window.ends_at:%H:%M:%S} UTC")
    for scene in SCENES:
        print(f"   {scene.schedule_id:<11} {scene.tells}")
    print("\n   Their runs, as they end:")


def summary(evidence: Mapping[Scene, Runs]) -> None:
    """Print runs by state, and how late they started."""
    every = [run for runs in evidence.values() for run in runs]
    states = sorted({run["state"] for run in every})
    title(6, "The reckoning: fire times by schedule and end")
    print("   " + f"{'':<11} " + " ".join(f"{state:>10}" for state in states))
    for scene, runs in evidence.items():
        counts = Counter(run["state"] for run in runs)
        print(
            "   " + f"{scene.schedule_id:<11} " + " ".join(f"{counts[state] or '-':>10}" for state in states)
        )
    late = lateness(every)
    if late:
        p50, p99 = percentile(late, 0.5), percentile(late, 0.99)
        print(f"\n   Lateness of {len(late)} starts: p50 {p50} ms, p99 {p99} ms, most {late[-1]} ms")


def praise(fires: int, ahead: int) -> None:
    """Say that all went well, and where to go from here."""
    print(f"\nAll {fires} fire times were recorded exactly once; every job ended as it should.")
    print(f"{ahead} later fire times are on record already, the last of them by the tick.")
    print("To try your own schedules: make up")
