"""What a job's targets are called in permissions: a host for http, an ARN for AWS, `python:` and a name for a task.

A target that is only known when the job runs is `*`, which is covered by the widest scopes alone.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from carillon.domain.errors import InvalidInput
from carillon.domain.job import Job
from carillon.domain.targets.url import parse_url

UNKNOWN_TARGET: Final = "*"


def target_ids(job: Job) -> tuple[str, ...]:
    """Every target of the job, its steps and its compensations, each once."""
    return tuple(dict.fromkeys(_id_of(target) for target in _targets(job)))


def _targets(job: Job) -> Iterator[Mapping[str, Any]]:
    if job.workflow is None:
        yield job.target
    for task in (*job.tasks.values(), *([job.compensate] if job.compensate else [])):
        yield from _targets(task)


def _id_of(target: Mapping[str, Any]) -> str:
    if target.get("kind") == "http":
        return _host(target.get("url"))
    if target.get("kind") == "python":
        task = target.get("task")
        return f"python:{task}" if isinstance(task, str) else UNKNOWN_TARGET
    arn = target.get("arn")
    return arn if isinstance(arn, str) else UNKNOWN_TARGET


def _host(url: object) -> str:
    try:
        return parse_url(url).authority if isinstance(url, str) else UNKNOWN_TARGET
    except InvalidInput:
        return UNKNOWN_TARGET
