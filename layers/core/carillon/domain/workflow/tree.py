"""A run and everything below it, as its rows tell: the one picture from which a workflow's next moves are decided."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from carillon.domain.job import Job
from carillon.domain.run import Run, RunState
from carillon.domain.workflow.advance import UPSTREAM_FAILED
from carillon.domain.workflow.compensation import Completed, UndoState
from carillon.domain.workflow.rules import StepResult
from carillon.domain.workflow.shape import Step
from carillon.domain.workflow.step_key import StepKey, split

CONDITION: Final = "condition"
"""The reason of a step that its own `when` kept from running."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The top-level run, and the rows below it by their place."""

    top: Run
    rows: Mapping[StepKey, Run]

    @classmethod
    def of(cls, rows: Sequence[Run]) -> "Tree | None":
        """The tree of one query's rows; None when the top is not among them."""
        placed = {key: row for row in rows for key in (split(row.run_id)[1],) if key is not None}
        top = next((row for row in rows if "." not in row.run_id.run_key), None)
        return None if top is None else cls(top, placed)

    def results(self) -> dict[str, StepResult]:
        """How far each step is that has a row."""
        return {
            key.step: result_of(row)
            for key, row in self.rows.items()
            if key.step is not None and key.item is None and key.undo is None
        }

    def has_kept(self, word: str) -> bool:
        """Whether a wish to stop, by its word, has kept a step from running, perhaps in an earlier look."""
        return any(row.state is RunState.SKIPPED and row.reason == word for row in self.rows.values())

    def items(self, step: str) -> dict[int, Run]:
        """The rows of a for_each step's items."""
        return {
            key.item: row
            for key, row in self.rows.items()
            if key.step == step and key.item is not None and key.undo is None
        }

    def unfinished(self) -> Iterator[Run]:
        """Every row below the top that has not ended."""
        return (row for row in self.rows.values() if not row.state.is_terminal)

    def undone(self) -> dict[StepKey, UndoState]:
        """How far each compensation is that has a row."""
        return {key: _undo_state(row) for key, row in self.rows.items() if key.undo is not None}

    def completed(self, job: Job) -> tuple[Completed, ...]:
        """What was done and can be taken back; of a plain task that is compensating, the task itself."""
        if job.workflow is None:
            return (Completed(StepKey(None), self.top.created_at, 0),) if job.compensate else ()
        return tuple(
            Completed(key, row.ended_at or row.created_at, place)
            for place, step in enumerate(job.workflow.steps)
            if job.tasks[step.name].compensate is not None
            for key, row in self._effects(step)
            if is_done(row, step)
        )

    def _effects(self, step: Step) -> Iterator[tuple[StepKey, Run]]:
        if step.for_each is not None:
            return ((StepKey(step.name, item), row) for item, row in self.items(step.name).items())
        key = StepKey(step.name)
        return iter([(key, self.rows[key])] if key in self.rows else [])


def is_done(row: Run, step: Step) -> bool:
    """Whether a step's effect counts as there: it succeeded, or may have and its author wants that undone too."""
    return row.state is RunState.SUCCEEDED or (row.state is RunState.UNKNOWN and step.compensate_on_unknown)


def result_of(row: Run) -> StepResult:
    """What a row says of its step."""
    if not row.state.is_terminal:
        return StepResult.LIVE
    if row.state is RunState.SUCCEEDED:
        return StepResult.SUCCEEDED
    if row.state is RunState.SKIPPED:
        return StepResult.UPSTREAM_FAILED if row.reason == UPSTREAM_FAILED else StepResult.SKIPPED
    return StepResult.FAILED


def _undo_state(row: Run) -> UndoState:
    if not row.state.is_terminal:
        return UndoState.LIVE
    return UndoState.SUCCEEDED if row.state is RunState.SUCCEEDED else UndoState.FAILED
