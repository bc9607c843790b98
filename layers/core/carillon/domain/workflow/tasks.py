"""Which task a row executes, and whether its parent still wants it."""

from datetime import timedelta
from typing import Final

from carillon.domain.job import Job
from carillon.domain.run import Origin, Run, RunState
from carillon.domain.workflow.step_key import StepKey, split


def task_of(job: Job, run: Run) -> Job:
    """The task of a row within its schedule's job: the job itself, a step's task, or a compensation; KeyError."""
    key = place_of(run)
    if key is None:
        return job
    task = job if key.step is None else job.tasks[key.step]
    if key.undo is None:
        return task
    if task.compensate is None:
        raise KeyError(f"{run.run_id} compensates a task that has no compensation")
    return task.compensate


def place_of(run: Run) -> StepKey | None:
    """The row's place below its top-level run, None for the top."""
    return split(run.run_id)[1] if run.origin in BELOW else None


BELOW = frozenset({Origin.STEP, Origin.COMPENSATION})
OUTLIVES: Final = timedelta(days=60)
"""A workflow may go on for thirty days after a step has ended, and then take its effects back: until then the step's
row and output say that it was done, and once they were gone it would be done again."""


def kept_for(run: Run, kept: timedelta) -> timedelta:
    """How long a row and its output stay after their end, where whole runs stay for `kept`."""
    is_read_later = run.origin in BELOW or run.run_id.is_payload
    return kept + OUTLIVES if is_read_later else kept


def is_wanted(top: Run | None, run: Run) -> bool:
    """Whether an attempt of a row may begin while its top-level run stands like this."""
    if top is None or top.generation != run.generation:
        return False
    if run.origin is Origin.COMPENSATION:
        return top.state is RunState.COMPENSATING
    return top.state is RunState.RUNNING and top.cancel_requested_at is None
