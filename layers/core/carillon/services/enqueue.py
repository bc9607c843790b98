"""Puts a run if it is absent, then sends its wake-up: the one way work comes into being outside the claim."""

from carillon.domain.audit import AuditEntry
from carillon.domain.dispatch import Dispatch
from carillon.domain.run import Run
from carillon.ports import Clock, DispatchQueue, RunStore


class Enqueue:
    """A run's beginning. A crash between the two steps is mended by the sweep: the row has a wake_at."""

    def __init__(self, runs: RunStore, queue: DispatchQueue, clock: Clock) -> None:
        self._runs = runs
        self._queue = queue
        self._clock = clock

    def __call__(self, run: Run, audit: AuditEntry | None = None) -> bool:
        """Whether the run is new; only a new run's wake-up is sent."""
        is_new = self._runs.put_if_absent(run, audit)
        if is_new:
            self._queue.send([Dispatch.for_next_attempt(run)], self._clock.now())
        return is_new
