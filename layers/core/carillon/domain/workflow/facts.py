"""The document that a row's expressions see: {steps, run, payload, item, index}."""

from collections.abc import Iterable, Mapping
from typing import Any

from carillon.domain.moments import to_rfc3339
from carillon.domain.run import Run
from carillon.domain.workflow.expression import Path, read_path
from carillon.domain.workflow.shape import Step
from carillon.domain.workflow.step_key import StepKey


def paths_of_step(step: Step) -> tuple[Path, ...]:
    """The expressions that decide whether and how often a step runs."""
    own = (step.when, step.for_each.over if step.for_each else None)
    return tuple(read_path(text) for text in own if text is not None)


def document(
    top: Run,
    run: Run,
    key: StepKey | None,
    states: Mapping[str, Run],
    outputs: Mapping[str, Any],
    item: Any = None,
    payload: Any = None,
) -> dict[str, Any]:
    """The facts of a row; a step that has not ended has neither state nor output."""
    return {
        "steps": {
            name: {"state": str(row.state), "reason": row.reason, "output": outputs.get(name)}
            for name, row in states.items()
            if row.state.is_terminal
        },
        "run": run_facts(top, run, key),
        "payload": payload,
        "item": item,
        "index": None if key is None else key.item,
    }


def run_facts(top: Run, run: Run, key: StepKey | None) -> dict[str, Any]:
    """The run's own facts."""
    return {
        "run_id": str(top.run_id),
        "step": None if key is None else key.step,
        "step_run_id": str(run.run_id),
        "schedule_id": top.run_id.schedule_id,
        "fire_at": to_rfc3339(top.fire_at),
        "attempt": run.attempt,
        "origin": str(top.origin),
        "reason": top.reason,
    }


def names_of(paths: Iterable[Path]) -> tuple[str, ...]:
    """The steps that expressions refer to."""
    return tuple(dict.fromkeys(name for path in paths for name in path.steps))


def outputs_of(paths: Iterable[Path]) -> frozenset[str]:
    """The steps whose outputs they read."""
    return frozenset(name for path in paths for name in path.outputs)


def names_payload(paths: Iterable[Path]) -> bool:
    """Whether they read what the run was given."""
    return any(root[0] == "payload" for path in paths for root in path.roots)
