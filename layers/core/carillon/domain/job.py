"""A job: what a schedule executes, how often it is tried again, and what a definition's revision holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Backoff(StrEnum):
    """How the delay between attempts grows."""

    EXPONENTIAL = "exponential"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Retry:
    """When and how a failed attempt is tried again; delays in seconds."""

    max_attempts: int = 3
    backoff: Backoff = Backoff.EXPONENTIAL
    base_seconds: float = 2.0
    cap_seconds: float = 300.0


@dataclass(frozen=True, slots=True)
class Job:
    """One task: a target's specification, its deadline per attempt and its retries."""

    target: Mapping[str, Any]
    timeout_seconds: float
    retry: Retry = field(default_factory=Retry)


@dataclass(frozen=True, slots=True)
class Revision:
    """An immutable version of a schedule's definition; `document` is the definition as it was saved."""

    schedule_id: str
    generation: int
    number: int
    document: Mapping[str, Any]
    job: Job
    saved_at_ms: int
    saved_by: str
