"""One attempt's call of its target: everything a target may know about the run that it serves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from carillon.domain.trace import TRACEPARENT, TRACESTATE


@dataclass(frozen=True, slots=True)
class TargetCall:
    """The call; `run_id` is the same for each attempt, so a target can use it as its idempotency key.

    `spec` is the job's target with its secrets opened: {kind, method, url, headers, body} for http and
    {kind, task, arguments} for python. `log` takes one line of the run's log. With a `callback_token` the target's
    success only means that it has begun: it calls `callback_url` (where the stack knows it) when it is done.
    `traceparent` and `tracestate` are the W3C trace context of this attempt, for whatever place the target has for it.
    """

    run_id: str
    schedule_id: str
    attempt: int
    fire_at: datetime
    deadline_at: datetime
    spec: Mapping[str, Any]
    log: Callable[[str], None]
    cancelled: Callable[[], bool] = bool
    callback_token: str | None = None
    callback_url: str | None = None
    traceparent: str | None = None
    tracestate: str | None = None

    @property
    def trace_context(self) -> dict[str, str]:
        """Its trace context under the standard's own names, without what there is not."""
        found = {TRACEPARENT: self.traceparent, TRACESTATE: self.tracestate}
        return {name: value for name, value in found.items() if value}
