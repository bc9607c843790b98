"""What provisioning found in the template: the functions, and everything that makes them run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ACCOUNT = "123456789012"
REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One Lambda function as the template describes it; `paths` is its code and then its layers."""

    name: str
    arn: str
    handler: str
    timeout_seconds: int
    memory_megabytes: int
    environment: Mapping[str, str]
    paths: tuple[Path, ...]
    may_recurse: bool = False


@dataclass(frozen=True, slots=True)
class EventSource:
    """An event source mapping: a queue or a table's stream that feeds a function in batches."""

    source_arn: str
    function: str
    batch_size: int
    window_seconds: float
    partial_failures: bool
    patterns: tuple[Mapping[str, Any], ...] = ()
    concurrency: int = 4
    maximum_retries: int = -1
    maximum_age_seconds: int = -1
    bisect: bool = False
    failure_arn: str | None = None


@dataclass(frozen=True, slots=True)
class AsyncPolicy:
    """How often and how long Lambda repeats an asynchronous invocation that failed."""

    retries: int = 2
    age_seconds: int = 21_600


@dataclass(frozen=True, slots=True)
class Clock:
    """An EventBridge Scheduler schedule that invokes a function every so many seconds."""

    arn: str
    function: str
    every_seconds: int
    payload: str


@dataclass(frozen=True, slots=True)
class Route:
    """One route of the HTTP API; method and path are as API Gateway writes them (`ANY`, `/{proxy+}`)."""

    method: str
    path: str
    function: str


@dataclass(slots=True)
class Inventory:
    """Everything that was provisioned, filled resource by resource."""

    functions: dict[str, FunctionSpec] = field(default_factory=dict)
    sources: list[EventSource] = field(default_factory=list)
    async_policies: dict[str, AsyncPolicy] = field(default_factory=dict)
    clocks: list[Clock] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)
    layers: dict[str, Path] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    physical_ids: dict[str, str] = field(default_factory=dict)
    without_meaning: dict[str, str] = field(default_factory=dict)
