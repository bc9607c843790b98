"""By how much a start is spread: the same schedule and fire time always get the same delay.

The fire time stays a run's identity; jitter only moves when the run may start.
"""

from datetime import datetime, timedelta
from hashlib import sha256


def jittered(fire_at: datetime, schedule_id: str, jitter_seconds: int) -> datetime:
    """The fire time, later by 0 to `jitter_seconds` whole seconds."""
    if jitter_seconds <= 0:
        return fire_at
    seed = f"{schedule_id}\n{int(fire_at.timestamp())}".encode()
    return fire_at + timedelta(seconds=int.from_bytes(sha256(seed).digest()[:8]) % (jitter_seconds + 1))
