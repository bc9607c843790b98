"""What follows a batch of changes as a whole: the hourly counts, and the next runs of backfills."""

from collections.abc import Sequence

from carillon.domain.run_change import Change
from carillon.services.count_runs import CountRuns
from carillon.services.work_off import WorkOff


class FollowBatch:
    """Counts first, because only the stream tells it what to count; the tick works backfills off too."""

    def __init__(self, count: CountRuns, work_off: WorkOff) -> None:
        self._count = count
        self._work_off = work_off

    def __call__(self, changes: Sequence[Change]) -> None:
        """Repeats safely; Throttled, Unavailable when the counts cannot be written."""
        self._count(changes)
        self._work_off.after(changes)
