"""What a storm of kills came to: every call of the receiver held against the story of its run.

A run is called once for each attempt at most. So calls beyond the first are the attempts lost to kills, and each of
those stands in the run's events.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_LOST = "was lost"


@dataclass(frozen=True, slots=True)
class Reckoning:
    """Counts over all runs, and a sentence for each thing that is not as promised."""

    runs: int
    succeeded: int
    calls: int
    lost_attempts: int
    most_attempts: int
    faults: tuple[str, ...]

    def rows(self) -> tuple[tuple[str, int], ...]:
        """The table that is printed."""
        return (
            ("runs", self.runs),
            ("SUCCEEDED", self.succeeded),
            ("calls received", self.calls),
            ("calls beyond one per run", self.calls - self.runs),
            ("attempts lost to kills, as events tell", self.lost_attempts),
            ("most attempts of one run", self.most_attempts),
        )


def reckon(runs: Sequence[Mapping[str, Any]], keys: Iterable[str], wanted: int) -> Reckoning:
    """Judge runs as the API gives them by the idempotency keys that the receiver saw."""
    calls = Counter(keys)
    lost = {str(run["run_id"]): _lost(run) for run in runs}
    faults = [fault for run in runs for fault in _faults(run, calls[str(run["run_id"])])]
    if len(runs) != wanted:
        faults.append(f"{wanted} runs were due, {len(runs)} have a row")
    faults += [f"{key} was called and has no row" for key in sorted(calls.keys() - lost.keys())]
    return Reckoning(
        runs=len(runs),
        succeeded=sum(run["state"] == "SUCCEEDED" for run in runs),
        calls=calls.total(),
        lost_attempts=sum(lost.values()),
        most_attempts=max((run["attempt"] for run in runs), default=0),
        faults=tuple(faults),
    )


def _lost(run: Mapping[str, Any]) -> int:
    return sum(_LOST in event["message"] for event in run["events"])


def _faults(run: Mapping[str, Any], calls: int) -> list[str]:
    run_id, lost = run["run_id"], _lost(run)
    found = []
    if run["state"] != "SUCCEEDED":
        found.append(f"{run_id} ended {run['state']}: {run['events'][-1]['message']}")
    if calls < 1:
        found.append(f"{run_id} was never called")
    if calls - 1 > lost:
        found.append(f"{run_id} was called {calls} times, and only {lost} of its attempts were lost")
    return found
