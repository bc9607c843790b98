"""A definition as the document people read and may send back: every field present, defaults filled in."""

from datetime import datetime
from typing import Any

from carillon.domain.definition import Definition
from carillon.domain.job import Job, Retry, Wait
from carillon.domain.moments import to_rfc3339
from carillon.domain.schedule import Policies, TimetableSpec
from carillon.domain.secret_definition import secrets_document
from carillon.domain.secrets import Secrets
from carillon.domain.workflow.shape import Step


def definition_document(definition: Definition, secrets: Secrets | None = None) -> dict[str, Any]:
    """The document of a definition, without any secret's value; reading it again gives the same definition."""
    return {
        "schedule_id": definition.schedule_id,
        "description": definition.description,
        "tags": dict(definition.tags),
        "sensitive": definition.sensitive,
        "timetable": timetable_document(definition.timetable),
        "policies": policies_document(definition.policies),
        "job": job_document(definition.job) | {"secrets": secrets_document(secrets or {})},
        "alerts": dict(definition.alerts),
    }


def timetable_document(spec: TimetableSpec) -> dict[str, Any]:
    """A timetable's fields; moments as RFC 3339."""
    return {
        "expression": spec.expression or None,
        "zone": spec.zone,
        "gap": spec.gap,
        "fold": spec.fold,
        "anchor": _rfc3339(spec.anchor),
        "starts_at": _rfc3339(spec.starts_at),
        "ends_at": _rfc3339(spec.ends_at),
        "max_runs": spec.max_runs,
        "jitter_seconds": spec.jitter_seconds,
        "calendars": list(spec.calendars),
        "also_at": [to_rfc3339(moment) for moment in spec.also_at],
        "after": spec.after and {"schedule_id": spec.after.schedule_id, "on": str(spec.after.on)},
    }


def policies_document(policies: Policies) -> dict[str, Any]:
    """The policies' fields."""
    return {
        "overlap": str(policies.overlap),
        "max_concurrent": policies.max_concurrent,
        "max_queued": policies.max_queued,
        "misfire": {
            "grace_seconds": policies.misfire.grace_seconds,
            "catch_up": str(policies.misfire.catch_up),
            "max_catch_up": policies.misfire.max_catch_up,
        },
    }


def job_document(job: Job) -> dict[str, Any]:
    """The job's fields; whole numbers of seconds are shown as such."""
    if job.workflow is not None:
        steps = {step.name: _step_document(step, job.tasks[step.name]) for step in job.workflow.steps}
        return {"steps": steps, "timeout_seconds": _plain(job.timeout_seconds)}
    return {**_task_document(job), "compensate": _undo_document(job)}


def _step_document(step: Step, task: Job) -> dict[str, Any]:
    for_each = step.for_each
    return {
        **_task_document(task),
        "needs": list(step.needs),
        "rule": str(step.rule),
        "when": step.when,
        "for_each": for_each and {"over": for_each.over, "max_concurrent": for_each.max_concurrent},
        "may_fail": step.may_fail,
        "compensate": _undo_document(task),
        "compensate_on_unknown": step.compensate_on_unknown,
    }


def _undo_document(task: Job) -> dict[str, Any] | None:
    return None if task.compensate is None else _task_document(task.compensate)


def _task_document(job: Job) -> dict[str, Any]:
    return {
        "target": dict(job.target),
        "timeout_seconds": _plain(job.timeout_seconds),
        "retry": _retry_document(job.retry),
        **_wait_document(job.wait),
    }


def _wait_document(wait: Wait | None) -> dict[str, Any]:
    if wait is None:
        return {"wait": None, "wait_timeout_seconds": None, "heartbeat_seconds": None}
    return {
        "wait": "completion" if wait.for_completion else "callback",
        "wait_timeout_seconds": wait.timeout_seconds,
        "heartbeat_seconds": wait.heartbeat_seconds,
    }


def _retry_document(retry: Retry) -> dict[str, Any]:
    return {
        "max_attempts": retry.max_attempts,
        "backoff": str(retry.backoff),
        "base_seconds": _plain(retry.base_seconds),
        "cap_seconds": _plain(retry.cap_seconds),
        "retry_on": list(retry.retry_on),
        "never_on": list(retry.never_on),
        "deadline_seconds": None if retry.deadline_seconds is None else _plain(retry.deadline_seconds),
    }


def _plain(number: float) -> float | int:
    return int(number) if float(number).is_integer() else number


def _rfc3339(moment: datetime | None) -> str | None:
    return None if moment is None else to_rfc3339(moment)
