"""What starts otherwise than by calling a target: a workflow, a step with a condition, a step over a list.

Asked before every attempt. Each write is conditional on the row that was read; whoever comes second
finds the row moved on.
"""

from dataclasses import dataclass, replace
from typing import Any

from carillon.domain.errors import CarillonError, InvalidPath
from carillon.domain.job import Job
from carillon.domain.lifecycle import skip, start
from carillon.domain.run import EventKind, Origin, Run
from carillon.domain.schedule import Schedule
from carillon.domain.workflow.expression import evaluate, holds, read_path
from carillon.domain.workflow.facts import paths_of_step
from carillon.domain.workflow.fan_out import check_elements
from carillon.domain.workflow.rows import begin, begin_items, ended
from carillon.domain.workflow.shape import Step
from carillon.domain.workflow.tasks import place_of
from carillon.domain.workflow.tree import CONDITION
from carillon.ports.runs import OutputStore, RunStore
from carillon.ports.world import Chance, Clock
from carillon.services.jobs import Jobs
from carillon.services.step_inputs import StepInputs
from carillon.services.take_over import TakeOver


@dataclass(frozen=True, slots=True)
class Begun:
    """Whether the run needs no attempt of its own; and the run, as written or as its start should leave it."""

    is_done: bool
    run: Run


class BeginWorkflow:
    """The door that every attempt passes."""

    def __init__(
        self,
        runs: RunStore,
        outputs: OutputStore,
        jobs: Jobs,
        inputs: StepInputs,
        take_over: TakeOver,
        clock: Clock,
        chance: Chance,
    ) -> None:
        self._runs = runs
        self._outputs = outputs
        self._jobs = jobs
        self._inputs = inputs
        self._take_over = take_over
        self._clock = clock
        self._chance = chance

    def __call__(self, read: Run, run: Run, head: Schedule | None) -> Begun:
        """`read` is the row as it stands, `run` as its start should leave it; LostRace."""
        pinned = replace(run, revision=run.revision or (head.revision if head else 0))
        try:
            whole = self._jobs.whole(pinned)
        except CarillonError as error:
            if error.retryable:
                # Nothing has begun, so the message comes again. An attempt that did not know of the job's steps or of
                # its compensation would run it as a plain task.
                raise
            # The attempt itself will say so, and fail.
            return Begun(False, run)
        key = place_of(run)
        if key is None and whole.workflow is not None:
            return Begun(True, self._begin(read, pinned, whole))
        if key is None:
            return Begun(False, replace(run, compensable=whole.compensate is not None))
        if run.origin is Origin.STEP and key.item is None and whole.workflow is not None:
            step = next((step for step in whole.workflow.steps if step.name == key.step), None)
            return self._step(read, step) if step else Begun(False, run)
        return Begun(False, run)

    def _begin(self, read: Run, run: Run, job: Job) -> Run:
        if run.retry_of is not None:
            self._take_over(run, run.retry_of, job)
        begun = begin(run, job, self._clock.now(), self._chance.token(), run.revision or 0)
        return self._runs.transition(read, begun)

    def _step(self, run: Run, step: Step) -> Begun:
        paths = paths_of_step(step)
        if not paths:
            return Begun(False, run)
        try:
            facts = self._inputs.facts(run, paths)
            wants = step.when is None or holds(evaluate(read_path(step.when), facts))
            # A later attempt goes on: the condition held when the first one began.
            if not wants and run.attempt == 0 and step.when is not None:
                message = f"its condition does not hold: {step.when}"
                after = skip(run, self._clock.now(), CONDITION, message, self._chance.token())
                return Begun(True, self._runs.transition(run, after))
            if step.for_each is None:
                return Begun(False, run)
            elements = check_elements(evaluate(read_path(step.for_each.over), facts))
        except InvalidPath as error:
            return Begun(True, self._fail(run, str(error)))
        return Begun(True, self._over(run, elements))

    def _over(self, run: Run, elements: list[Any]) -> Run:
        # Kept under attempt 0, before the row says that they are there; the first list kept is the one that counts.
        listed = replace(run, attempt=0)
        self._outputs.keep(listed, elements, self._clock.now())
        kept = self._outputs.read(listed)
        return self._runs.transition(
            run, begin_items(run, len(kept), self._clock.now(), self._chance.token())
        )

    def _fail(self, run: Run, why: str) -> Run:
        now, claim_id = self._clock.now(), self._chance.token()
        started = start(run, now, claim_id=claim_id, lease_until=now, revision=run.revision or 0)
        written = self._runs.transition(run, started)
        return self._runs.transition(
            written, ended(written, EventKind.FAIL, now, self._chance.token(), why, "bad_input")
        )
