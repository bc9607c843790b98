"""Counts ended runs into the hourly stats rows: one write per row and batch, exact under repeats.

A row is read, added to, and written over the version that was read. A lost write is read again, and then finds in the
row's marks whatever another reader of the stream, or its own repeated call, has counted already.
"""

from collections.abc import Sequence
from typing import Final

from carillon.domain.errors import Throttled
from carillon.domain.run_change import Change
from carillon.domain.stats import End, HourKey, HourStats, by_hour
from carillon.ports.progress import StatsStore
from carillon.ports.world import Chance, Clock, Concurrently

MAX_TRIES: Final = 10
LONGEST_PAUSE_SECONDS: Final = 0.5


class CountRuns:
    """Adds a batch of changes to the rows of their hours."""

    def __init__(self, stats: StatsStore, clock: Clock, chance: Chance, concurrently: Concurrently) -> None:
        self._stats = stats
        self._clock = clock
        self._chance = chance
        self._concurrently = concurrently

    def __call__(self, changes: Sequence[Change]) -> int:
        """How many rows were written; Throttled when others keep writing the same rows first."""
        pending, written = by_hour(changes), 0
        for tries in range(MAX_TRIES):
            if not pending:
                return written
            if tries:
                self._clock.sleep(LONGEST_PAUSE_SECONDS * self._chance.share())
            fresh = self._to_write(pending)
            saved = list(self._concurrently(self._stats.save, fresh))
            written += sum(saved)
            pending = {row.key: pending[row.key] for row, done in zip(fresh, saved, strict=True) if not done}
        raise Throttled("The stats rows are being written by too many at once.")

    def _to_write(self, pending: dict[HourKey, list[End]]) -> list[HourStats]:
        found = self._stats.read_many(list(pending))
        # A row that cannot be read goes uncounted, or it would hold up every other of its batch.
        rows = [row for row in (found.get(key, HourStats(key)) for key in pending) if row is not None]
        counted = [row.counting(pending[row.key]) for row in rows]
        return [after for before, after in zip(rows, counted, strict=True) if after is not before]
