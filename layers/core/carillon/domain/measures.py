"""What is measured: names and units of all metrics, and what a batch of ended runs comes to.

A value is a number, or several of which the metric keeps the distribution. Zeros are told only where an alarm or a
graph needs to see that somebody looked.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Final

from carillon.domain.run_change import Change
from carillon.domain.stats import Counts, counts_of, ended_runs

Values = Mapping[str, float | Sequence[float]]
"""Values by the name of their metric."""

COUNT: Final = "Count"
SECONDS: Final = "Seconds"
MILLISECONDS: Final = "Milliseconds"

UNITS: Final[Mapping[str, str]] = {
    "OldestWakeAge": SECONDS,
    "TickLag": SECONDS,
    "Due": COUNT,
    "Claimed": COUNT,
    "Postponed": COUNT,
    "Unsent": COUNT,
    "BrokenSchedules": COUNT,
    "Resent": COUNT,
    "AttemptsLost": COUNT,
    "SweepFailures": COUNT,
    "UnreadableRuns": COUNT,
    "Succeeded": COUNT,
    "Failed": COUNT,
    "TimedOut": COUNT,
    "Unknown": COUNT,
    "Cancelled": COUNT,
    "Compensated": COUNT,
    "CompensationFailed": COUNT,
    "SkippedMisfired": COUNT,
    "SkippedOverlap": COUNT,
    "SkippedExcluded": COUNT,
    "SkippedOther": COUNT,
    "Missed": COUNT,
    "Retries": COUNT,
    "StartLateness": MILLISECONDS,
    "RunDuration": MILLISECONDS,
    "DeadLetters": COUNT,
    "AlertsUnsent": COUNT,
    "AlertsLost": COUNT,
    "KmsCalls": COUNT,
    "Throttles": COUNT,
    "SecondFactorLocked": COUNT,
}

COUNTED: Final[Mapping[str, str]] = {
    "succeeded": "Succeeded",
    "failed": "Failed",
    "timed_out": "TimedOut",
    "unknown": "Unknown",
    "cancelled": "Cancelled",
    "compensated": "Compensated",
    "compensation_failed": "CompensationFailed",
    "misfired": "SkippedMisfired",
    "overlap_skipped": "SkippedOverlap",
    "excluded": "SkippedExcluded",
    "skipped": "SkippedOther",
    "missed": "Missed",
    "retried": "Retries",
}


def run_measures(changes: Iterable[Change]) -> Values:
    """What the runs that ended in some changes add up to; empty where none did. Steps are not runs of their own."""
    each = [counts_of(run) for run in ended_runs(changes)]
    total = asdict(sum(each, Counts()))
    measures: dict[str, float | Sequence[float]] = {
        name: total[key] for key, name in COUNTED.items() if total[key]
    }
    lateness = [counts.lateness_ms for counts in each if counts.timed]
    durations = [counts.duration_ms for counts in each if counts.fired]
    return measures | {
        name: values for name, values in (("StartLateness", lateness), ("RunDuration", durations)) if values
    }


def measures_of_each(changes: Sequence[Change], schedule_ids: Collection[str]) -> Mapping[str, Values]:
    """The same for each of the schedules that are measured by themselves; those without an end are left out."""
    found: dict[str, list[Change]] = {}
    for change in changes:
        run = getattr(change, "after", None)
        if run is not None and run.run_id.schedule_id in schedule_ids:
            found.setdefault(run.run_id.schedule_id, []).append(change)
    told = {schedule_id: run_measures(own) for schedule_id, own in found.items()}
    return {schedule_id: values for schedule_id, values in told.items() if values}
