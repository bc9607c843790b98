"""What follows a batch of changes as a whole: the hourly counts, the next runs of backfills, alerts, metrics."""

from collections.abc import Collection, Sequence

from carillon.domain.measures import measures_of_each, run_measures
from carillon.domain.run_change import Change
from carillon.ports.signals import Metrics
from carillon.services.alert_runs import AlertRuns
from carillon.services.count_runs import CountRuns
from carillon.services.work_off import WorkOff


class FollowBatch:
    """Counts first, because only the stream tells it what to count; the tick works backfills off too."""

    def __init__(
        self,
        count: CountRuns,
        work_off: WorkOff,
        alert_runs: AlertRuns,
        metrics: Metrics | None = None,
        measured: Collection[str] = (),
    ) -> None:
        self._count = count
        self._work_off = work_off
        self._alert_runs = alert_runs
        self._metrics = metrics
        self._measured = measured

    def __call__(self, changes: Sequence[Change]) -> None:
        """Repeats safely; Throttled, Unavailable when the counts cannot be written."""
        self._count(changes)
        self._work_off.after(changes)
        self._alert_runs(changes)
        # Last, because a batch that comes again is told again: metrics forget, counts must not.
        if self._metrics is not None:
            self._metrics.put_all(run_measures(changes))
            for schedule_id, values in measures_of_each(changes, self._measured).items():
                self._metrics.put_all(values, schedule_id=schedule_id)
