"""Whether somebody wants a running attempt to stop: a look at its row every few seconds, while the attempt lasts."""

from datetime import timedelta
from typing import Final

from carillon.domain.errors import CarillonError
from carillon.domain.run import Run
from carillon.ports.runs import RunStore
from carillon.ports.world import Clock

LOOK_EVERY: Final = timedelta(seconds=5)


class CancelWatch:
    """Asked as often as one likes: it reads the row at most once every LOOK_EVERY, and never before that has passed.

    `reason` is the wish's own, once it is known.
    """

    def __init__(self, runs: RunStore, clock: Clock, run: Run) -> None:
        self._runs = runs
        self._clock = clock
        self._run = run
        self._look_at = clock.now() + LOOK_EVERY
        self.reason: str | None = None

    def __call__(self) -> bool:
        """Whether the attempt should stop; a row that cannot be read now is looked at again later."""
        now = self._clock.now()
        if self.reason or now < self._look_at:
            return self.reason is not None
        self._look_at = now + LOOK_EVERY
        try:
            row = self._runs.get(self._run.run_id)
        except CarillonError:
            return False
        # An attempt that was given up as lost should stop too: its result no longer counts.
        if row is None or row.claim_id != self._run.claim_id:
            self.reason = "lost"
        elif row.cancel_requested_at is not None:
            self.reason = row.cancel_reason or "cancelled"
        return self.reason is not None
