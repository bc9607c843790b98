"""The immutable jobs that runs pinned: a whole schedule's job, or the task of one row within it."""

from typing import Final

from carillon.domain.errors import MalformedRow
from carillon.domain.job import Job
from carillon.domain.run import Run
from carillon.domain.secrets import Secrets
from carillon.domain.workflow.tasks import task_of
from carillon.ports.schedules import ScheduleStore

MAX_CACHED: Final = 256


class Jobs:
    """Reads revisions, which never change, and keeps the jobs of the latest ones."""

    def __init__(self, schedules: ScheduleStore) -> None:
        self._schedules = schedules
        self._read: dict[tuple[str, int, int], tuple[Job, Secrets]] = {}

    def whole(self, run: Run) -> Job:
        """The job of the revision that the run pinned; RevisionNotFound, MalformedRow."""
        return self._of(run)[0]

    def secrets(self, run: Run) -> Secrets:
        """The sealed secrets of that revision; RevisionNotFound, MalformedRow."""
        return self._of(run)[1]

    def _of(self, run: Run) -> tuple[Job, Secrets]:
        key = (run.run_id.schedule_id, run.generation, run.revision or 0)
        found = self._read.get(key)
        if found is None:
            revision = self._schedules.revision(key[0], key[2])
            found = revision.job, revision.secrets
            if len(self._read) >= MAX_CACHED:
                self._read.clear()
            self._read[key] = found
        return found

    def task(self, run: Run) -> Job:
        """What the row executes; RevisionNotFound, MalformedRow."""
        try:
            return task_of(self.whole(run), run)
        except (KeyError, ValueError) as error:
            raise MalformedRow(f"Run {run.run_id} has no task in its job: {error}.") from None
