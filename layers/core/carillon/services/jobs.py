"""The immutable jobs that runs pinned: a whole schedule's job, or the task of one row within it."""

from typing import Final

from carillon.domain.errors import MalformedRow
from carillon.domain.job import Job
from carillon.domain.run import Run
from carillon.domain.workflow.tasks import task_of
from carillon.ports import ScheduleStore

MAX_CACHED: Final = 256


class Jobs:
    """Reads revisions, which never change, and keeps the jobs of the latest ones."""

    def __init__(self, schedules: ScheduleStore) -> None:
        self._schedules = schedules
        self._jobs: dict[tuple[str, int, int], Job] = {}

    def whole(self, run: Run) -> Job:
        """The job of the revision that the run pinned; RevisionNotFound, MalformedRow."""
        key = (run.run_id.schedule_id, run.generation, run.revision or 0)
        job = self._jobs.get(key)
        if job is None:
            job = self._schedules.revision(key[0], key[2]).job
            if len(self._jobs) >= MAX_CACHED:
                self._jobs.clear()
            self._jobs[key] = job
        return job

    def task(self, run: Run) -> Job:
        """What the row executes; RevisionNotFound, MalformedRow."""
        try:
            return task_of(self.whole(run), run)
        except (KeyError, ValueError) as error:
            raise MalformedRow(f"Run {run.run_id} has no task in its job: {error}.") from None
