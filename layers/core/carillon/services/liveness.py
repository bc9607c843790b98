"""How long the oldest unfinished run has waited past its wake_at, told before anything is done about it.

The sweep should keep this below two minutes. It is measured from the index alone, so that it also tells of a sweep
that fails, starves or is not called.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from carillon.domain.errors import Throttled, Unavailable
from carillon.ports.runs import RunStore
from carillon.ports.signals import Metrics
from carillon.ports.world import Clock, Log

OLDEST_WAKE_AGE: Final = "OldestWakeAge"


class Liveness:
    """Tells the age in seconds, 0 when nothing is past its time."""

    def __init__(self, runs: RunStore, clock: Clock, metrics: Metrics, log: Log) -> None:
        self._runs = runs
        self._clock = clock
        self._metrics = metrics
        self._log = log

    def __call__(self, shards: Sequence[int]) -> None:
        """Measures a range of shards; what cannot be read is left out, for it must not stop the tick."""
        now = self._clock.now()
        try:
            oldest = [self._runs.oldest_wake(shard) for shard in shards]
        except (Throttled, Unavailable) as error:
            self._log("liveness_unread", "The oldest run could not be looked for.", why=str(error))
            return
        age = max((_seconds_past(moment, now) for moment in oldest if moment is not None), default=0.0)
        self._metrics.put(OLDEST_WAKE_AGE, age, "Seconds", shards=f"{shards[0]}-{shards[-1]}")


def _seconds_past(moment: datetime, now: datetime) -> float:
    return max(0.0, (now - moment).total_seconds())
