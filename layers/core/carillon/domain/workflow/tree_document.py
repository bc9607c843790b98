"""A workflow's run as the API shows it: its rows in the order of the graph, and the graph with its layers."""

from typing import Any

from carillon.domain.job import Job
from carillon.domain.moments import to_rfc3339
from carillon.domain.run import Run
from carillon.domain.run_document import between_ms, first_start
from carillon.domain.workflow.step_key import StepKey
from carillon.domain.workflow.tree import Tree


def rows_document(tree: Tree, job: Job | None) -> list[dict[str, Any]]:
    """Every row below the top, steps in topological order with their items and compensations; outputs stay out."""
    steps = job.workflow.steps if job is not None and job.workflow is not None else ()
    place = {step.name: number for number, step in enumerate(steps)}

    def order(entry: tuple[StepKey, Run]) -> tuple[int, str]:
        key = entry[0]
        return (place.get(key.step or "", len(place)), key.suffix)

    return [row_document(key, row) for key, row in sorted(tree.rows.items(), key=order)]


def row_document(key: StepKey, row: Run) -> dict[str, Any]:
    """One row of the tree, told briefly; its whole story is read under its own run id."""
    return {
        "run_id": str(row.run_id),
        "step": key.step,
        "item": key.item,
        "compensation": key.undo,
        "state": str(row.state),
        "reason": row.reason,
        "attempt": row.attempt,
        "created_at": to_rfc3339(row.created_at),
        "started_at": None if (started := first_start(row)) is None else to_rfc3339(started),
        "ended_at": None if row.ended_at is None else to_rfc3339(row.ended_at),
        "duration_ms": between_ms(first_start(row), row.ended_at),
        "output_bytes": row.output_bytes,
        "item_count": row.item_count,
        "message": row.events[-1].message if row.events else None,
    }


def graph_document(job: Job | None) -> dict[str, Any] | None:
    """The steps by layers, and what each needs, for drawing; None for a plain task."""
    if job is None or job.workflow is None:
        return None
    return {
        "layers": [list(layer) for layer in job.workflow.layers()],
        "steps": {
            step.name: {
                "needs": list(step.needs),
                "rule": str(step.rule),
                "when": step.when,
                "for_each": None if step.for_each is None else step.for_each.over,
                "has_compensation": job.tasks[step.name].compensate is not None,
            }
            for step in job.workflow.steps
        },
    }
