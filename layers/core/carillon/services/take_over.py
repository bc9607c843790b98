"""Gives a repetition of a workflow what its predecessor has already done: rows and outputs, copied before it runs."""

from carillon.domain.errors import MalformedRow, RevisionNotFound
from carillon.domain.job import Job
from carillon.domain.run import Run
from carillon.domain.run_id import RunId
from carillon.domain.workflow.carry_over import copied, taken_over
from carillon.domain.workflow.step_key import StepKey
from carillon.domain.workflow.tree import Tree
from carillon.ports.runs import OutputStore, RunStore
from carillon.ports.world import Clock
from carillon.services.enqueue import Enqueue
from carillon.services.jobs import Jobs


class TakeOver:
    """Every write is a put if absent, and the repetition is not RUNNING before the last of them."""

    def __init__(
        self, runs: RunStore, outputs: OutputStore, jobs: Jobs, enqueue: Enqueue, clock: Clock
    ) -> None:
        self._runs = runs
        self._outputs = outputs
        self._jobs = jobs
        self._enqueue = enqueue
        self._clock = clock

    def __call__(self, top: Run, old_id: RunId, job: Job) -> None:
        """Copies the steps that need not run again."""
        old = Tree.of(self._runs.tree(old_id))
        if old is None:
            return
        try:
            names = frozenset(taken_over(old, self._jobs.whole(old.top), job))
        except (RevisionNotFound, MalformedRow):
            return
        now = self._clock.now()
        rows = {key: row for key, row in old.rows.items() if key.step in names and key.undo is None}
        copies = {key: copied(row, key, top, now) for key, row in rows.items()}
        steps = {key: row for key, row in rows.items() if key.item is None and row.output_bytes is not None}
        outputs = self._outputs.read_many(list(steps.values())) if steps else {}
        for key, row in steps.items():
            if row.run_id in outputs:
                self._outputs.keep(copies[key], outputs[row.run_id], now)
        self._enqueue.many([copies[key] for key in sorted(copies, key=_order)])


def _order(key: StepKey) -> str:
    return key.suffix
