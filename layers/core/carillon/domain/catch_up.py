"""When fire times that were missed are run after all: one after the other, and not all schedules at once.

Live fire times keep their second; a catch-up has its place behind them. Ten a minute of one schedule, each schedule
beginning somewhere in the first two minutes: the longest wait stays below what a queue can delay (900 s).
"""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from carillon.domain.moments import ceil_second
from carillon.domain.schedule import CatchUp, Misfire

PACE: Final = timedelta(seconds=6)
"""From one catch-up of a schedule to its next: ten a minute."""

SPREAD_SECONDS: Final = 120
"""Within this time from the claim the first catch-ups of all schedules begin, each at a second of its own."""

MAX_CATCH_UP: Final = 90
"""The most that one schedule catches up on; more is what a backfill is for."""


def wanted(misfire: Misfire) -> int:
    """How many of the newest missed fire times the policy wants run."""
    return {CatchUp.NONE: 0, CatchUp.LATEST: 1, CatchUp.ALL: misfire.max_catch_up}[misfire.catch_up]


def paced(schedule_id: str, now: datetime, position: int) -> datetime:
    """When the catch-up at a position (0 is the oldest) may start."""
    share = int.from_bytes(sha256(schedule_id.encode()).digest()[:4]) % SPREAD_SECONDS
    return ceil_second(now) + timedelta(seconds=share) + position * PACE
