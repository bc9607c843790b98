"""What shows that a request is fresh: when it was made, and a nonce that nobody has sent before.

Both stop a request that is sent again word for word, for as long as its timestamp is accepted. They do not stop whoever
holds the token: such a one makes a new nonce. docs/security.md says so.
"""

import hashlib
import re
from datetime import datetime, timedelta
from typing import Final

from carillon.domain.errors import FieldError, InvalidInput
from carillon.domain.errors.doors import StaleTimestamp
from carillon.domain.moments import from_ms, to_rfc3339
from carillon.domain.reading import moment_of

WINDOW: Final = timedelta(seconds=300)
NONCE_LIFETIME: Final = 2 * WINDOW + timedelta(seconds=1)
"""A timestamp may lie ahead by the window and stays good for it, so a nonce is remembered for twice as long."""

_NONCE: Final = re.compile(r"[A-Za-z0-9_.~-]{16,128}")
_SECONDS: Final = re.compile(r"[0-9]{9,11}")
_NOT_FRESH: Final = "The request does not show that it is fresh."


def check_timestamp(text: str, now: datetime) -> None:
    """Refuses a timestamp that is missing, unreadable or too far from now; InvalidInput, StaleTimestamp."""
    moment = from_ms(int(text) * 1000) if _SECONDS.fullmatch(text) else moment_of(text)
    if moment is None:
        message = f"Send when the request was made: epoch seconds, or a time such as {to_rfc3339(now)}."
        raise InvalidInput(_NOT_FRESH, [FieldError("X-Timestamp", message)])
    if abs(moment - now) > WINDOW:
        message = f"It is {to_rfc3339(now)} here; the timestamp may differ by {WINDOW.seconds} seconds."
        raise StaleTimestamp(
            "The request is too old, or its clock is wrong.", [FieldError("X-Timestamp", message)]
        )


def nonce_guard(principal: str, nonce: str) -> str:
    """The key under which a principal's nonce is remembered; InvalidInput for what is no nonce."""
    if not _NONCE.fullmatch(nonce):
        message = (
            "Send 16 to 128 letters, digits, or any of - . _ ~ that were never sent before, such as a UUID."
        )
        raise InvalidInput(_NOT_FRESH, [FieldError("X-Nonce", message)])
    return "nonce#" + hashlib.sha256(f"{principal}\0{nonce}".encode()).hexdigest()
