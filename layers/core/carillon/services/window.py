"""When a schedule last succeeded before a run: where the window of data begins that the run has to look at."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from carillon.domain.run import Run, RunState
from carillon.domain.workflow.tasks import BELOW
from carillon.ports.runs import RunStore
from carillon.ports.schedules import ScheduleStore

PAGE: Final = 50
MAX_PAGES: Final = 10


class LastSuccess:
    """Looks back over a schedule's runs, newest first; asked only by jobs that name the window."""

    def __init__(self, schedules: ScheduleStore, runs: RunStore) -> None:
        self._schedules = schedules
        self._runs = runs

    def __call__(self, run: Run) -> datetime:
        """The fire time of the last success before the run's own; without one, when the schedule was created."""
        schedule_id = run.run_id.schedule_id
        start: Mapping[str, Any] | None = None
        for _ in range(MAX_PAGES):
            page = self._runs.of_schedule(schedule_id, PAGE, start)
            found = [each.fire_at for each in page.items if _counts(each, run)]
            if found:
                return max(found)
            start = page.next_key
            if start is None:
                break
        head = self._schedules.head(schedule_id)
        return min(run.fire_at, head.created_at) if head is not None and head.created_at else run.fire_at


def _counts(earlier: Run, run: Run) -> bool:
    return (
        earlier.state is RunState.SUCCEEDED
        and earlier.origin not in BELOW
        and earlier.generation == run.generation
        and earlier.fire_at < run.fire_at
    )
