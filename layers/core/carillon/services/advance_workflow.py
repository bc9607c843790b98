"""Moves a workflow on: reads its whole tree once, asks what comes next, and does it by put-if-absent.

Whoever ends a row below a top-level run comes here, and so does the sweep. Rows are the only truth, every write is
conditional, and doing it twice does nothing twice.
"""

from typing import Final

from carillon.domain.cancelling import request
from carillon.domain.errors import LostRace, MalformedRow, RevisionNotFound
from carillon.domain.job import Job
from carillon.domain.log_fields import about
from carillon.domain.run import EventKind, Origin, Run, RunState
from carillon.domain.workflow.advance import advance
from carillon.domain.workflow.compensation import UndoMove, next_undo, plan
from carillon.domain.workflow.ending import TIMED_OUT, Finale, finale
from carillon.domain.workflow.rows import after, compensating, ended, skipped_row, step_row
from carillon.domain.workflow.shape import Workflow
from carillon.domain.workflow.step_key import StepKey, split
from carillon.domain.workflow.tree import Tree
from carillon.ports.runs import OutputStore, RunStore
from carillon.ports.world import Chance, Clock, Log
from carillon.services.advance_items import AdvanceItems
from carillon.services.enqueue import Enqueue
from carillon.services.jobs import Jobs

MAX_PASSES: Final = 12
"""A pass that ended rows by itself is followed by another; more are left to the next nudge."""


class AdvanceWorkflow:
    """The next moves of one workflow, or of one compensating run."""

    def __init__(
        self,
        runs: RunStore,
        outputs: OutputStore,
        jobs: Jobs,
        enqueue: Enqueue,
        clock: Clock,
        chance: Chance,
        log: Log,
    ) -> None:
        self._runs = runs
        self._jobs = jobs
        self._enqueue = enqueue
        self._clock = clock
        self._chance = chance
        self._log = log
        self._items = AdvanceItems(runs, outputs, enqueue, clock, chance)

    def __call__(self, run: Run) -> Run | None:
        """The top-level run as it was last seen or written; None when there is none."""
        top_id, _ = split(run.run_id)
        top: Run | None = None
        for _ in range(MAX_PASSES):
            tree = Tree.of(self._runs.tree(top_id))
            if tree is None:
                return None
            try:
                top, is_moving = self._pass(tree)
            except LostRace:
                continue
            if not is_moving:
                return top
        return top

    def _pass(self, tree: Tree) -> tuple[Run, bool]:
        """The top afterwards, and whether another look is worth it at once."""
        if tree.top.state not in (RunState.RUNNING, RunState.COMPENSATING):
            return tree.top, False
        try:
            job = self._jobs.whole(tree.top)
        except (RevisionNotFound, MalformedRow) as error:
            return self._lost(tree.top, str(error)), False
        if tree.top.state is RunState.COMPENSATING:
            return self._compensate(tree, job)
        if job.workflow is None:
            return tree.top, False
        return self._run(tree, job, job.workflow)

    def _lost(self, top: Run, why: str) -> Run:
        kind = EventKind.FAIL if top.state is RunState.RUNNING else EventKind.COMPENSATE_FAIL
        message = f"the job could not be read: {why}"
        return self._end(top, kind, message, "job_unreadable")

    def _run(self, tree: Tree, job: Job, workflow: Workflow) -> tuple[Run, bool]:
        top, now = tree.top, self._clock.now()
        if top.cancel_requested_at is None and top.deadline_at is not None and top.deadline_at <= now:
            _, asked = request(top, now, TIMED_OUT, "the workflow's time is over", self._chance.token())
            return self._runs.transition(top, asked), True
        stopped = top.cancel_reason if top.cancel_requested_at is not None else None
        if stopped is not None and self._stop(tree, stopped):
            return top, True
        if self._items(tree, job, stopped):
            return top, True
        moves = advance(workflow, tree.results(), stopped=stopped)
        needs = {step.name: step.needs for step in workflow.steps}
        rows = [
            step_row(top, StepKey(name), Origin.STEP, now, self._needed(tree, needs[name]), "ready")
            for name in moves.ready
        ]
        rows += [skipped_row(top, skip, now, self._needed(tree, needs[skip.step])) for skip in moves.skipped]
        if not self._enqueue.many(rows):
            # Somebody put one of them meanwhile, perhaps one that is to run where this look would have skipped it.
            return top, True
        if moves.end is None:
            return top, False
        kept_any = stopped is not None and (bool(moves.skipped) or tree.has_kept(stopped))
        return self._finish(tree, job, finale(moves, stopped, kept_any=kept_any))

    def _needed(self, tree: Tree, names: tuple[str, ...]) -> list[Run]:
        return [tree.rows[StepKey(name)] for name in names if StepKey(name) in tree.rows]

    def _stop(self, tree: Tree, word: str) -> bool:
        """Asks everything unfinished to stop; whether anything ended at once."""
        has_ended = False
        for row in tree.unfinished():
            _, wanted = request(
                row, self._clock.now(), word, f"the workflow was {word}", self._chance.token()
            )
            if wanted is row:
                continue
            try:
                has_ended |= self._runs.transition(row, wanted).state.is_terminal
            except LostRace:
                has_ended = True
        return has_ended

    def _finish(self, tree: Tree, job: Job, end: Finale) -> tuple[Run, bool]:
        now = after(self._clock.now(), tree.rows.values())
        if end.takes_back and plan(tree.completed(job)):
            written = self._runs.transition(
                tree.top,
                compensating(tree.top, now, self._chance.token(), end.message, end.reason or "failed"),
            )
            return written, True
        return self._end(tree.top, end.kind, end.message, end.reason), False

    def _compensate(self, tree: Tree, job: Job) -> tuple[Run, bool]:
        top, now = tree.top, self._clock.now()
        undo = next_undo(plan(tree.completed(job)), tree.undone(), top.attempt)
        if undo.move is UndoMove.START and undo.key is not None:
            message = f"takes back {undo.key.done_thing.suffix or 'the run'}"
            row = step_row(top, undo.key, Origin.COMPENSATION, now, tree.rows.values(), message)
            self._enqueue.many([row])
        elif undo.move is UndoMove.DONE:
            return self._end(top, EventKind.COMPENSATE_DONE, "everything is taken back", top.reason), False
        elif undo.move is UndoMove.FAIL and undo.key is not None:
            message = f"the compensation {undo.key.suffix} failed; retry it, or settle the run by hand"
            return self._end(top, EventKind.COMPENSATE_FAIL, message, top.reason), False
        return top, False

    def _end(self, top: Run, kind: EventKind, message: str, reason: str | None) -> Run:
        now = self._clock.now()
        written = self._runs.transition(top, ended(top, kind, now, self._chance.token(), message, reason))
        self._log("workflow_ended", message, **about(top), status=written.state)
        return written
