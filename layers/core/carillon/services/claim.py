"""Claims fire times: writes claims in batched transactions, then sends the wake-ups of the rows it made.

A lost head drops its claim, a row that exists is left as it is, a conflict is tried again. What is given up
here is still in the due index: the next tick is the retry.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from carillon.domain.claim import MAX_ACTIONS, Claim, ClaimFault, ClaimVerdict
from carillon.domain.dispatch import Dispatch
from carillon.domain.errors import Throttled, Unavailable
from carillon.domain.plan import plan
from carillon.domain.plan_claim import claim_of, without_existing
from carillon.domain.run import Run, RunState
from carillon.domain.schedule import Schedule
from carillon.ports.dispatch import DispatchQueue
from carillon.ports.schedules import ScheduleStore
from carillon.ports.world import Chance, Clock

MAX_TRIES: Final = 8
FIRST_PAUSE_SECONDS: Final = 0.05
LONGEST_PAUSE_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class ClaimReport:
    """What came of some claims; `written` stand in the table, `unsent` wake-ups are left to the sweep."""

    written: tuple[Claim, ...] = ()
    lost: int = 0
    postponed: int = 0
    unsent: int = 0


def in_batches(claims: Iterable[Claim]) -> Iterator[tuple[Claim, ...]]:
    """Packs claims, in order, into transactions of at most MAX_ACTIONS actions."""
    batch: list[Claim] = []
    size = 0
    for claim in claims:
        if batch and size + claim.actions > MAX_ACTIONS:
            yield tuple(batch)
            batch, size = [], 0
        batch.append(claim)
        size += claim.actions
    if batch:
        yield tuple(batch)


class Claimer:
    """Writes one batch of claims and sends what it made."""

    def __init__(self, schedules: ScheduleStore, queue: DispatchQueue, clock: Clock, chance: Chance) -> None:
        self._schedules = schedules
        self._queue = queue
        self._clock = clock
        self._chance = chance

    def claim_and_send(self, batch: Sequence[Claim]) -> ClaimReport:
        """Rows first, then heads, then messages; `batch` fits one transaction."""
        report = self._commit(batch)
        wake_ups = [
            Dispatch.for_next_attempt(run, claim.schedule.revision)
            for claim in report.written
            for run in claim.runs
            if run.state is RunState.QUEUED
        ]
        return replace(report, unsent=len(self._queue.send(wake_ups, self._clock.now())))

    def send(self, runs: Sequence[Run]) -> int:
        """Sends the wake-ups of queued runs; answers how many are left to the sweep."""
        return len(self._queue.send([Dispatch.for_next_attempt(run) for run in runs], self._clock.now()))

    def dispatch_now(self, schedule: Schedule, now: datetime, horizon: datetime) -> ClaimReport:
        """Claims what is due up to the horizon of a schedule that was just written."""
        if schedule.due_at is None or schedule.due_at > horizon:
            return ClaimReport()
        calendars = self._schedules.calendars(schedule.timetable.calendars)
        return self.claim_and_send([claim_of(plan(schedule, now, horizon, calendars), now)])

    def _commit(self, batch: Sequence[Claim]) -> ClaimReport:
        pending, lost = tuple(batch), 0
        for attempt in range(MAX_TRIES):
            verdicts = self._try(pending)
            if verdicts is None:
                return ClaimReport(written=pending, lost=lost)
            kept = _without_losers(pending, verdicts)
            lost += len(pending) - len(kept)
            if not kept:
                return ClaimReport(lost=lost)
            if kept == pending:
                self._pause(attempt)
            pending = kept
        return ClaimReport(lost=lost, postponed=len(pending))

    def _try(self, pending: Sequence[Claim]) -> Sequence[ClaimVerdict] | None:
        try:
            return self._schedules.commit(pending)
        except (Throttled, Unavailable):
            return [ClaimVerdict(ClaimFault.CONFLICT)] * len(pending)

    def _pause(self, attempt: int) -> None:
        ceiling = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0**attempt)
        self._clock.sleep(ceiling * self._chance.share())


def _without_losers(pending: Sequence[Claim], verdicts: Sequence[ClaimVerdict]) -> tuple[Claim, ...]:
    return tuple(
        without_existing(claim, verdict.existing)
        for claim, verdict in zip(pending, verdicts, strict=True)
        if verdict.fault is not ClaimFault.LOST
    )
