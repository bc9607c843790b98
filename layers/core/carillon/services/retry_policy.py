"""The retry policy of a run that has begun: that of the revision it pinned."""

from carillon.domain.errors import MalformedRow, RevisionNotFound
from carillon.domain.job import Retry
from carillon.domain.run import Run
from carillon.domain.workflow.tasks import task_of
from carillon.ports.schedules import ScheduleStore


def retry_policy(schedules: ScheduleStore, run: Run) -> Retry:
    """The policy; what cannot be read cannot be tried again, so the run ends instead of being swept for ever."""
    if run.revision is None:
        return Retry(max_attempts=1)
    try:
        return task_of(schedules.revision(run.run_id.schedule_id, run.revision).job, run).retry
    except (RevisionNotFound, MalformedRow, KeyError, ValueError):
        return Retry(max_attempts=1)
