"""The structured log of a function: Powertools' Logger behind the `Log` port.

One line is a sentence with an `action` name and fields. Services get it as an argument; nothing else logs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from aws_lambda_powertools import Logger

from carillon.ports.world import Log

_WARNINGS: Final = frozenset(
    {
        "attempt_lost",
        "callback_overdue",
        "message_undeliverable",
        "message_unreadable",
        "dispatch_postponed",
        "liveness_unread",
        "record_returned",
        "request_failed",
        "row_unreadable",
        "run_unreadable",
        "schedule_broken",
        "shard_unreached",
        "spans_dropped",
        "sweep_failed",
    }
)


_trace_id: Final[ContextVar[str | None]] = ContextVar("trace_id", default=None)


@contextmanager
def traced(trace_id: str) -> Iterator[None]:
    """Lines of this thread that name no trace of their own name this one, as long as it lasts."""
    before = _trace_id.set(trace_id)
    try:
        yield
    finally:
        _trace_id.reset(before)


def structured_log() -> Log:
    """A log with service name and level from Powertools' own environment variables."""
    # Where a line was written says nothing here: it is always this module.
    logger = Logger(utc=True, use_rfc3339=True, location=None)

    def write(action: str, message: str, **fields: object) -> None:
        if (trace_id := _trace_id.get()) is not None:
            fields.setdefault("trace_id", trace_id)
        # Powertools' own log() knows no fields; its level methods do.
        line = logger.warning if action in _WARNINGS else logger.info
        # A record has an exc_info of its own, which cannot come with the fields.
        error = fields.pop("exc_info", None)
        extra = {"action": action, **fields}
        line(message, exc_info=error if isinstance(error, BaseException) else None, extra=extra)

    return write
