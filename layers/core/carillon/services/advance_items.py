"""Moves the for_each steps of a workflow on: starts items within their bound, gathers results, ends the step."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from carillon.domain.errors import LostRace
from carillon.domain.job import Job
from carillon.domain.run import EventKind, Origin, Run
from carillon.domain.workflow.fan_out import FanAdvance, advance_items, gathers_inline, references
from carillon.domain.workflow.output import MAX_OUTPUT_BYTES, size_of
from carillon.domain.workflow.rows import after, ended, step_row
from carillon.domain.workflow.rules import StepResult
from carillon.domain.workflow.shape import Step
from carillon.domain.workflow.step_key import StepKey
from carillon.domain.workflow.tree import Tree, result_of
from carillon.ports.runs import OutputStore, RunStore
from carillon.ports.world import Chance, Clock
from carillon.services.enqueue import Enqueue

NULL_BYTES: Final = 4
"""What an item without an output takes in the gathered list."""


class AdvanceItems:
    """The items of every for_each step that is under way."""

    def __init__(
        self, runs: RunStore, outputs: OutputStore, enqueue: Enqueue, clock: Clock, chance: Chance
    ) -> None:
        self._runs = runs
        self._outputs = outputs
        self._enqueue = enqueue
        self._clock = clock
        self._chance = chance

    def __call__(self, tree: Tree, job: Job, stopped: str | None) -> bool:
        """Whether a step ended, so that its followers may be ready now."""
        has_ended = False
        for step in job.workflow.steps if job.workflow else ():
            row = tree.rows.get(StepKey(step.name))
            if step.for_each is not None and row is not None and row.item_count is not None:
                has_ended |= not row.state.is_terminal and self._advance(tree, step, row, stopped)
        return has_ended

    def _advance(self, tree: Tree, step: Step, row: Run, stopped: str | None) -> bool:
        items = tree.items(step.name)
        bound = step.for_each.max_concurrent if step.for_each else 1
        results = {item: result_of(found) for item, found in items.items()}
        moves = advance_items(row.item_count or 0, bound, results)
        if stopped is not None:
            if StepResult.LIVE in results.values():
                return False
            return self._end(row, EventKind.CANCEL, f"the workflow was {stopped}", stopped, items)
        if moves.end is None:
            now = self._clock.now()
            self._enqueue.many(
                [
                    step_row(tree.top, StepKey(step.name, item), Origin.STEP, now, [], f"element {item}")
                    for item in moves.ready
                ]
            )
            return False
        return self._close(row, moves, items)

    def _close(self, row: Run, moves: FanAdvance, items: Mapping[int, Run]) -> bool:
        if moves.failed:
            named = ", ".join(f"#{item}" for item in moves.failed[:3])
            more = ", …" if len(moves.failed) > 3 else ""
            message = f"{len(moves.failed)} of {row.item_count} elements failed: {named}{more}"
            return self._end(row, EventKind.FAIL, message, "item_failed", items)
        gathered = self._gathered([items[item] for item in sorted(items)])
        self._outputs.keep(row, gathered, self._clock.now())
        message = f"all {row.item_count} elements are done"
        return self._end(row, EventKind.SUCCEED, message, None, items, output_bytes=size_of(gathered))

    def _gathered(self, items: list[Run]) -> list[Any]:
        sizes = [NULL_BYTES if item.output_bytes is None else item.output_bytes for item in items]
        if not gathers_inline(sizes, MAX_OUTPUT_BYTES):
            return references([str(item.run_id) for item in items])
        found = self._outputs.read_many([item for item in items if item.output_bytes is not None])
        return [found.get(item.run_id) for item in items]

    def _end(
        self,
        row: Run,
        kind: EventKind,
        message: str,
        reason: str | None,
        items: Mapping[int, Run],
        **changes: Any,
    ) -> bool:
        now = after(self._clock.now(), items.values())
        after_row = ended(row, kind, now, self._chance.token(), message, reason)
        # Somebody who ended it first saw the same items; either way its followers are looked at again.
        with suppress(LostRace):
            self._runs.transition(row, replace(after_row, **changes))
        return True
