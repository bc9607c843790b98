"""The system's clock and its source of chance."""

import secrets
import time
from datetime import UTC, datetime


class SystemClock:
    """The time of the machine, in whole milliseconds as rows store them."""

    def now(self) -> datetime:
        """The current moment, UTC."""
        moment = datetime.now(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def sleep(self, seconds: float) -> None:
        """Waits; returns at once for zero or less."""
        if seconds > 0:
            time.sleep(seconds)


class SystemChance:
    """Randomness of the operating system."""

    def __init__(self) -> None:
        self._random = secrets.SystemRandom()

    def token(self) -> str:
        """A fresh unguessable id of 128 bits, lower-case letters and digits."""
        return secrets.token_hex(16)

    def share(self) -> float:
        """A uniform number in [0, 1)."""
        return self._random.random()
