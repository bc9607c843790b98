"""A job as a JSON value and back: one task, or a workflow's steps in their topological order, each with its task."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from carillon.domain.job import Backoff, Job, Retry, Wait
from carillon.domain.workflow.rules import TriggerRule
from carillon.domain.workflow.shape import ForEach, Step, Workflow


def job_value(job: Job) -> dict[str, Any]:
    """The value; what has its default is left out."""
    value: dict[str, Any] = {"timeout_seconds": job.timeout_seconds}
    if job.workflow is not None:
        steps = [asdict(step) | {"task": job_value(job.tasks[step.name])} for step in job.workflow.steps]
        return value | {"steps": steps}
    value |= {"target": dict(job.target), "retry": asdict(job.retry)}
    if job.wait is not None:
        value["wait"] = asdict(job.wait)
    if job.compensate is not None:
        value["compensate"] = job_value(job.compensate)
    return value


def read_job_value(value: Mapping[str, Any]) -> Job:
    """The job; KeyError, ValueError or TypeError where the value is none."""
    seconds = value["timeout_seconds"]
    if "steps" in value:
        steps = [dict(step) for step in value["steps"]]
        tasks = {step["name"]: read_job_value(step.pop("task")) for step in steps}
        return Job({}, seconds, workflow=Workflow(tuple(map(_step, steps))), tasks=tasks)
    wait, undo = value.get("wait"), value.get("compensate")
    return Job(
        target=value["target"],
        timeout_seconds=seconds,
        retry=_retry(value["retry"]),
        wait=None if wait is None else Wait(**wait),
        compensate=None if undo is None else read_job_value(undo),
    )


def _retry(value: Mapping[str, Any]) -> Retry:
    words = {name: tuple(value.get(name, ())) for name in ("retry_on", "never_on")}
    return Retry(**{**value, **words, "backoff": Backoff(value["backoff"])})


def _step(value: Mapping[str, Any]) -> Step:
    for_each = value["for_each"]
    read = {
        "needs": tuple(value["needs"]),
        "rule": TriggerRule(value["rule"]),
        "for_each": None if for_each is None else ForEach(**for_each),
    }
    return Step(**{**value, **read})
