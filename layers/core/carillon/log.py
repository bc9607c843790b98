"""The structured log of a function: Powertools' Logger behind the `Log` port.

One line is a sentence with an `action` name and fields. Services get it as an argument; nothing else logs.
"""

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
        "sweep_failed",
        "wake_up_unsent",
    }
)


def structured_log() -> Log:
    """A log with service name and level from Powertools' own environment variables."""
    logger = Logger(utc=True, use_rfc3339=True)

    def write(action: str, message: str, **fields: object) -> None:
        # Powertools' own log() knows no fields; its level methods do.
        line = logger.warning if action in _WARNINGS else logger.info
        # A record has an exc_info of its own, which cannot come with the fields.
        error = fields.pop("exc_info", None)
        extra = {"action": action, **fields}
        line(message, exc_info=error if isinstance(error, BaseException) else None, extra=extra)

    return write
