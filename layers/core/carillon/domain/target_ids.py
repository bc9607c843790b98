"""What a job's targets are called in permissions: a host for http, an ARN for AWS, `python:` and a name for a task.

A target that is only known when the job runs is `*`, which is covered by the widest scopes alone.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from carillon.domain.job import Job
from carillon.domain.targets.registry import ids_of

UNKNOWN_TARGET: Final = "*"


def target_ids(job: Job) -> tuple[str, ...]:
    """Every target of the job, its steps and its compensations, each once."""
    return tuple(
        dict.fromkeys(each for target in _targets(job) for each in ids_of(target) or (UNKNOWN_TARGET,))
    )


def _targets(job: Job) -> Iterator[Mapping[str, Any]]:
    if job.workflow is None:
        yield job.target
    for task in (*job.tasks.values(), *([job.compensate] if job.compensate else [])):
        yield from _targets(task)
