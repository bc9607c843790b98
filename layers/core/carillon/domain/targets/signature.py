"""The signature by which a receiver knows that a request is this stack's: HMAC-SHA256 over time, run id and body."""

import hashlib
import hmac
from datetime import datetime
from typing import Final

VERSION: Final = "v1"


def signature_headers(key: str, now: datetime, run_id: str, body: bytes) -> dict[str, str]:
    """The headers of a signed request; the time is in whole epoch seconds, so that a receiver can refuse old ones."""
    timestamp = str(int(now.timestamp()))
    signed = f"{VERSION}:{timestamp}:{run_id}:".encode() + body
    digest = hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()
    return {"Carillon-Timestamp": timestamp, "Carillon-Signature": f"{VERSION}={digest}"}
