"""Which steps of an ended workflow a repetition takes over instead of running them again."""

from dataclasses import replace
from datetime import datetime

from carillon.domain.job import Job
from carillon.domain.run import Run, RunState
from carillon.domain.workflow.compensation import UndoState
from carillon.domain.workflow.shape import Step
from carillon.domain.workflow.step_key import StepKey
from carillon.domain.workflow.tree import Tree


def taken_over(old: Tree, old_job: Job, job: Job) -> tuple[str, ...]:
    """Steps that ended well, were not taken back, mean the same in both jobs, and stand behind only such steps."""
    if old_job.workflow is None or job.workflow is None:
        return ()
    before = {step.name: step for step in old_job.workflow.steps}
    touched = {key.step for key, state in old.undone().items() if state is not UndoState.FAILED}
    found: set[str] = set()
    for step in job.workflow.steps:
        is_same = before.get(step.name) == step and old_job.tasks[step.name] == job.tasks[step.name]
        if is_same and step.name not in touched and found.issuperset(step.needs) and _ended_well(old, step):
            found.add(step.name)
    return tuple(step.name for step in job.workflow.steps if step.name in found)


def _ended_well(old: Tree, step: Step) -> bool:
    row = old.rows.get(StepKey(step.name))
    return row is not None and row.state in (RunState.SUCCEEDED, RunState.SKIPPED)


def copied(row: Run, key: StepKey, top: Run, now: datetime) -> Run:
    """The row of a step as the repetition's own."""
    moved = replace(
        row, run_id=key.under(top.run_id), generation=top.generation, revision=top.revision, claim_id=None
    )
    return moved.noted(now, f"taken over from {row.run_id}")
