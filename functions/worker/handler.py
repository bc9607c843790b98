"""The worker: a batch of dispatch messages → each run executed side by side."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from carillon.ports.world import Clock, Log
from carillon.services.execute import Execute
from carillon.wiring.worker import wire_worker
from edge import BatchAnswer, each_record

SIDE_BY_SIDE: Final = 10
"""The event source's batch size: each message of a batch has its own thread."""


class Context(Protocol):
    """What Lambda tells about the invocation."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends this invocation."""


def handle(event: Mapping[str, Any], context: Context) -> BatchAnswer:
    """Lambda's door."""
    execute, clock, log, metrics, spans = wire_worker()
    answer = respond(event, execute, hard_deadline(context, clock), log)
    # Runs are measured at their end, by follow; here only what the process itself has met, which is mostly nothing.
    metrics.put_all({})
    if spans is not None:
        spans.flush()
    return answer


def hard_deadline(context: Context, clock: Clock) -> datetime:
    """When Lambda ends this invocation."""
    return clock.now() + timedelta(milliseconds=context.get_remaining_time_in_millis())


def respond(event: Mapping[str, Any], execute: Execute, until: datetime, log: Log) -> BatchAnswer:
    """Executes each message; only those that should come again are answered."""

    def one(record: Mapping[str, Any]) -> None:
        execute.execute(record["body"], until)

    return each_record(event, one, log, threads=SIDE_BY_SIDE)
