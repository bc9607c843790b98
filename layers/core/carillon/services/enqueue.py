"""Puts a run if it is absent, then sends its wake-up: the one way work comes into being outside the claim."""

from collections.abc import Sequence

from carillon.domain.audit import AuditEntry
from carillon.domain.dispatch import Dispatch
from carillon.domain.run import Run, RunState
from carillon.ports.dispatch import DispatchQueue
from carillon.ports.runs import RunStore
from carillon.ports.world import Clock, Concurrently


class Enqueue:
    """A run's beginning. A crash between the two steps is mended by the sweep: the row has a wake_at."""

    def __init__(
        self, runs: RunStore, queue: DispatchQueue, clock: Clock, concurrently: Concurrently = map
    ) -> None:
        self._runs = runs
        self._queue = queue
        self._clock = clock
        self._concurrently = concurrently

    def __call__(self, run: Run, audit: AuditEntry | None = None, *, min_revision: int = 0) -> bool:
        """Whether the run is new; only a new run's wake-up is sent."""
        is_new = self._runs.put_if_absent(run, audit)
        if is_new:
            self._queue.send([Dispatch.for_next_attempt(run, min_revision)], self._clock.now())
        return is_new

    def many(self, runs: Sequence[Run]) -> bool:
        """The same for many runs, sent in tens; rows that are made in their final state are only put.

        Whether all of them are new.
        """
        are_new = list(self._concurrently(self._runs.put_if_absent, runs))
        wake_ups = [
            Dispatch.for_next_attempt(run)
            for run, is_new in zip(runs, are_new, strict=True)
            if is_new and run.state is RunState.QUEUED
        ]
        if wake_ups:
            self._queue.send(wake_ups, self._clock.now())
        return all(are_new)
