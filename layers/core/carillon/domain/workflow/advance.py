"""What a workflow does next: a pure answer from its shape and the results of its steps.

Whoever ends a step asks, and so does the sweep; the same states always give the same answer, so asking twice,
or at the same time, does no harm.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from carillon.domain.workflow.rules import StepResult, Verdict, judge, tally
from carillon.domain.workflow.shape import Step, Workflow


class WorkflowEnd(StrEnum):
    """How a workflow ends, as far as its steps tell."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Skip:
    """A step that will not run, with the stable word and the sentence for its row."""

    step: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Advance:
    """Steps to start, steps to write down as skipped, and the end when nothing is live and nothing ready.

    `failed` names the steps whose failure fails the workflow; `operations` counts the work of the answer.
    """

    ready: tuple[str, ...]
    skipped: tuple[Skip, ...]
    end: WorkflowEnd | None
    failed: tuple[str, ...]
    operations: int


UPSTREAM_FAILED: Final = "upstream_failed"
UPSTREAM_SKIPPED: Final = "upstream_skipped"
MOST_NAMED: Final = 3
_SKIPPED_AS: Final = {Verdict.SKIP: StepResult.SKIPPED, Verdict.FAIL_UPSTREAM: StepResult.UPSTREAM_FAILED}
_TOLD: Final = {
    StepResult.SUCCEEDED: "succeeded",
    StepResult.FAILED: "failed",
    StepResult.UPSTREAM_FAILED: "could not run",
    StepResult.SKIPPED: "was skipped",
}


def advance(workflow: Workflow, states: Mapping[str, StepResult], *, stopped: str | None = None) -> Advance:
    """The next moves; steps absent from `states` have not begun.

    `stopped` is the word for why no further step may begin (cancelled, timed_out): what has not begun is skipped.
    """
    results: dict[str, StepResult] = dict(states)
    ready: list[str] = []
    skipped: list[Skip] = []
    operations = 0
    for step in workflow.steps:
        operations += 1 + len(step.needs)
        if step.name in states:
            continue
        verdict = judge(step.rule, tally(results.get(need) for need in step.needs))
        if stopped is not None:
            skipped.append(_stopped(step, stopped))
            results[step.name] = StepResult.SKIPPED
        elif verdict is Verdict.RUN:
            ready.append(step.name)
        elif verdict is not Verdict.WAIT:
            skipped.append(_skip(step, verdict, results))
            results[step.name] = _SKIPPED_AS[verdict]
    failed = tuple(
        step.name
        for step in workflow.steps
        if results.get(step.name) is StepResult.FAILED and not step.may_fail
    )
    is_over = not ready and StepResult.LIVE not in results.values()
    end = (WorkflowEnd.FAILED if failed else WorkflowEnd.SUCCEEDED) if is_over else None
    return Advance(tuple(ready), tuple(skipped), end, failed, operations)


def _skip(step: Step, verdict: Verdict, results: Mapping[str, StepResult]) -> Skip:
    reason = UPSTREAM_FAILED if verdict is Verdict.FAIL_UPSTREAM else UPSTREAM_SKIPPED
    ended = [need for need in step.needs if results.get(need, StepResult.LIVE) is not StepResult.LIVE]
    told = ", ".join(f"{need} {_TOLD[results[need]]}" for need in ended[:MOST_NAMED])
    more = f" and {len(ended) - MOST_NAMED} more have ended" if len(ended) > MOST_NAMED else ""
    return Skip(step.name, reason, f"its rule {step.rule} can no longer hold: {told}{more}")


def _stopped(step: Step, word: str) -> Skip:
    return Skip(step.name, word, f"the workflow was {word.replace('_', ' ')} before this step became ready")
