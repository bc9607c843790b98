"""The job part of the schedule document: one task with its deadline and retries, or a workflow of such tasks."""

from collections.abc import Mapping
from typing import Any, Final

from carillon.domain.errors import FieldError
from carillon.domain.job import Job
from carillon.domain.reading import Section, one_of
from carillon.domain.retry_definition import RETRY_FIELDS, WAIT_FIELDS, read_retry, read_wait
from carillon.domain.targets.kind import Reach, TargetKind
from carillon.domain.targets.registry import KINDS
from carillon.domain.templates import check_templates
from carillon.domain.workflow.inputs import without_expressions
from carillon.domain.workflow.parse import ReadTask, read_compensated, read_steps

DEFAULT_TIMEOUT_SECONDS: Final = 60.0
SHORTEST_TIMEOUT_SECONDS: Final = 0.1
DEFAULT_WORKFLOW_SECONDS: Final = 86_400.0
LONGEST_WORKFLOW_SECONDS: Final = 30 * 86_400
TASK_FIELDS: Final = ("target", "timeout_seconds", "retry", *WAIT_FIELDS)
_FIELDS: Final = (*TASK_FIELDS, "secrets", "compensate", "steps")
_OF_TASKS: Final = ("target", "retry", "compensate", *WAIT_FIELDS)


def read_job(
    body: Section, max_timeout_seconds: float, reach: Reach, kinds: Mapping[str, TargetKind] = KINDS
) -> Job:
    """The job of a document; faults are noted in the document's list."""
    section = body.section("job", _FIELDS)

    def read_task(task: Section) -> Job:
        target = _target(task, reach, kinds)
        kind = kinds.get(str(target.get("kind")))
        wait = read_wait(task, can_be_followed=kind is not None and kind.can_be_followed)
        for error in check_templates(target, has_callback=wait is not None and not wait.for_completion):
            task.fault(f"target.{error.field}", error.message)
        return Job(
            target=target,
            timeout_seconds=_timeout(task, max_timeout_seconds),
            retry=read_retry(task.section("retry", RETRY_FIELDS)),
            wait=wait,
        )

    if section.get("steps") is not None:
        return _workflow(section, read_task)
    return read_compensated(section, TASK_FIELDS, read_task)


def _workflow(section: Section, read_task: ReadTask) -> Job:
    for name in _OF_TASKS:
        if section.get(name) is not None:
            section.fault(
                name, f"In a workflow each step has its own {name}; move it there.", "belongs_to_steps"
            )
    workflow, tasks = read_steps(section, TASK_FIELDS, read_task)
    deadline = section.number("timeout_seconds", DEFAULT_WORKFLOW_SECONDS, 1, LONGEST_WORKFLOW_SECONDS)
    return Job(target={}, timeout_seconds=deadline, workflow=workflow, tasks=tasks)


def _target(section: Section, reach: Reach, kinds: Mapping[str, TargetKind]) -> Mapping[str, Any]:
    target = section.get("target")
    if not isinstance(target, Mapping):
        if section.is_object:
            section.fault("target", 'Give a JSON object such as {"kind": "http", "url": "https://..."}.')
        return {}
    for error in _target_faults(without_expressions(target), reach, kinds):
        section.fault(f"target.{error.field}", error.message)
    return dict(target)


def _target_faults(
    target: Mapping[str, Any], reach: Reach, kinds: Mapping[str, TargetKind]
) -> tuple[FieldError, ...]:
    name = target.get("kind")
    kind = kinds.get(name) if isinstance(name, str) else None
    return (FieldError("kind", one_of(name, tuple(kinds))),) if kind is None else kind.check(target, reach)


def _timeout(section: Section, longest: float) -> float:
    default = min(DEFAULT_TIMEOUT_SECONDS, longest)
    value = section.get("timeout_seconds")
    if isinstance(value, int | float) and not isinstance(value, bool) and value > longest:
        section.fault(
            "timeout_seconds",
            f"The worker cannot keep {value:.6g} s: an attempt may take {longest:g} s at most. Lower it, split the "
            "job, or deploy the stack with a larger WorkerTimeout parameter.",
        )
        return default
    return section.number("timeout_seconds", default, SHORTEST_TIMEOUT_SECONDS, longest)
