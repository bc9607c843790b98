"""Runs an ended run again by hand: a new row beside the old one, which stays as it is."""

from dataclasses import replace
from typing import Final

from carillon.domain.access import Principal
from carillon.domain.errors import RunNotFound, RunNotRepeatable
from carillon.domain.repetition import check_repeatable, repeated
from carillon.domain.run import Run
from carillon.domain.run_id import RunId
from carillon.domain.trace import Trace
from carillon.ports.runs import RunStore
from carillon.ports.schedules import ScheduleStore
from carillon.ports.world import Clock
from carillon.services.authorise import Permission, authorise_schedule
from carillon.services.enqueue import Enqueue
from carillon.services.journal import Journal
from carillon.services.operator_write import live_head

MAX_REPETITIONS: Final = 100


class RetryRun:
    """Makes the repetition; the row and its audit entry are one transaction."""

    def __init__(
        self, schedules: ScheduleStore, runs: RunStore, enqueue: Enqueue, clock: Clock, journal: Journal
    ) -> None:
        self._schedules = schedules
        self._runs = runs
        self._enqueue = enqueue
        self._clock = clock
        self._journal = journal

    def __call__(self, principal: Principal, run_id: str, trace: Trace | None = None) -> Run:
        """The queued run, in the trace of whoever asked for it.

        RunNotFound, ScheduleNotFound, RunUnfinished, RunNotRepeatable, Forbidden.
        """
        parsed = RunId.parse(run_id)
        authorise_schedule(principal, Permission.RETRY_RUNS, self._schedules, parsed.schedule_id)
        run = self._runs.get(parsed)
        if run is None:
            raise RunNotFound(f"There is no run {parsed}.")
        check_repeatable(run, live_head(self._schedules, parsed.schedule_id))
        for number in range(1, MAX_REPETITIONS + 1):
            again = repeated(run, number, self._clock.now(), principal.name)
            if self._is_made(again := replace(again, given_trace=trace), principal):
                return again
        raise RunNotRepeatable(
            f"This run was run again {MAX_REPETITIONS} times; run the schedule now instead."
        )

    def _is_made(self, again: Run, principal: Principal) -> bool:
        audit = self._journal.entry(
            principal,
            "run.retry",
            f"run:{again.retry_of}",
            again.created_at,
            after={"run_id": str(again.run_id)},
        )
        return self._enqueue(again, audit)
