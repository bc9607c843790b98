"""A job: what a schedule executes, how often it is tried again, and what a definition's revision holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from carillon.domain.secrets import Secrets
from carillon.domain.workflow.shape import Workflow


class Backoff(StrEnum):
    """How the delay between attempts grows."""

    EXPONENTIAL = "exponential"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Retry:
    """When and how a failed attempt is tried again; delays in seconds.

    `retry_on` and `never_on` name errors and classes of errors (retry_words.py). `deadline_seconds` bounds all
    attempts together, from the first one's start.
    """

    max_attempts: int = 3
    backoff: Backoff = Backoff.EXPONENTIAL
    base_seconds: float = 2.0
    cap_seconds: float = 300.0
    retry_on: tuple[str, ...] = ()
    never_on: tuple[str, ...] = ()
    deadline_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """A job that is not done when its target answers: how long it may take, and how long it may be silent.

    It is done when its target calls back, or `for_completion` when the work that was started elsewhere has ended;
    then the silence is how long to wait for word of it before the service is asked.
    """

    timeout_seconds: int = 3600
    heartbeat_seconds: int | None = None
    for_completion: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """One task: a target's specification, its deadline per attempt, its retries, and whether it calls back.

    `compensate` is the task that takes its effect back. A workflow has a shape and a task for each of its steps
    instead of a target, and its `timeout_seconds` bounds the whole.
    """

    target: Mapping[str, Any]
    timeout_seconds: float
    retry: Retry = field(default_factory=Retry)
    wait: Wait | None = None
    compensate: "Job | None" = None
    workflow: Workflow | None = None
    tasks: Mapping[str, "Job"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Revision:
    """An immutable version of a schedule's definition; `document` is the definition as it was saved.

    `secrets` are those of its job, sealed.
    """

    schedule_id: str
    generation: int
    number: int
    document: Mapping[str, Any]
    job: Job
    saved_at_ms: int
    saved_by: str
    secrets: Secrets = field(default_factory=dict)
