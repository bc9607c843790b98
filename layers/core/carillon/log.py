"""The structured log of a function: Powertools' Logger behind the `Log` port.

One line is a sentence with an `action` name and fields. Services get it as an argument; nothing else logs.
"""

import logging
from typing import Final

from aws_lambda_powertools import Logger

from carillon.ports import Log

_WARNINGS: Final = frozenset(
    {
        "attempt_lost",
        "message_undeliverable",
        "message_unreadable",
        "record_returned",
        "row_unreadable",
        "schedule_broken",
        "sweep_failed",
        "wake_up_unsent",
    }
)


def structured_log() -> Log:
    """A log with service name and level from Powertools' own environment variables."""
    logger = Logger(utc=True, use_rfc3339=True)

    def write(action: str, message: str, **fields: object) -> None:
        level = logging.WARNING if action in _WARNINGS else logging.INFO
        logger.log(level, message, action=action, **fields)

    return write
