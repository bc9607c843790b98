"""The sweep: looks at every unfinished run that is past its wake_at and does what `look_after` says.

The index is a hint: rows are read consistently, and the conditional write decides. The wake_at is pushed before
a row is worked on, so a row that cannot be helped starves nobody; one that cannot even be read is put off.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from carillon.domain.dispatch import Dispatch
from carillon.domain.errors import CarillonError, LostRace
from carillon.domain.lifecycle import is_sent_at_once, past_deadline
from carillon.domain.log_fields import about
from carillon.domain.recovery import LONGEST_RESEND, Action, Recovery, expire, look_after, no_later_than
from carillon.domain.run import Run, RunState
from carillon.domain.run_id import RunId
from carillon.domain.waiting import overdue
from carillon.ports.dispatch import DispatchQueue
from carillon.ports.runs import RunStore
from carillon.ports.schedules import ScheduleStore
from carillon.ports.world import Chance, Clock, Concurrently, Log
from carillon.services.ended import Ended
from carillon.services.retry_policy import retry_policy
from carillon.services.wind_up import WindUp

MAX_ROWS: Final = 1000
"""Rows that one tick looks after per shard; the oldest come first and the rest keep their turn."""


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What one sweep did, in counts; `passed` rows were already helped by somebody else."""

    resent: int = 0
    extended: int = 0
    advanced: int = 0
    retried: int = 0
    unknown: int = 0
    cancelled: int = 0
    timed_out: int = 0
    passed: int = 0
    failed: int = 0
    unreadable: int = 0

    def __add__(self, other: "SweepReport") -> "SweepReport":
        return SweepReport(
            *(getattr(self, field.name) + getattr(other, field.name) for field in fields(self))
        )


_COUNTED: Final = {
    RunState.UNKNOWN: "unknown",
    RunState.TIMED_OUT: "timed_out",
    RunState.CANCELLED: "cancelled",
}

Helped = tuple[SweepReport, Run | None]
"""What was done for one row, and the run whose wake-up it still needs, if any."""


class Sweep:
    """The rescuer of runs; `watch` answers when runs pass a limit that somebody wants to be told of."""

    def __init__(
        self,
        schedules: ScheduleStore,
        runs: RunStore,
        ended: Ended,
        queue: DispatchQueue,
        clock: Clock,
        chance: Chance,
        concurrently: Concurrently,
        log: Log,
        watch: Callable[[Sequence[Run]], Mapping[RunId, datetime]] | None = None,
    ) -> None:
        self._watch = watch
        self._schedules = schedules
        self._runs = runs
        self._wind_up = WindUp(runs, ended, clock, chance)
        self._queue = queue
        self._clock = clock
        self._chance = chance
        self._concurrently = concurrently
        self._log = log

    def run(self, shard: int) -> SweepReport:
        """Looks after one shard's stragglers."""
        overdue = self._runs.wake_before(shard, self._clock.now(), MAX_ROWS)
        rows = self._runs.get_many(overdue)
        limits = {} if self._watch is None else self._watch(rows)
        looks = [(run, limits.get(run.run_id)) for run in rows]
        helped = list(self._concurrently(self._look_after, looks))
        wake_ups = [Dispatch.for_next_attempt(run) for _, run in helped if run is not None]
        self._queue.send(wake_ups, self._clock.now())
        counts = sum((counts for counts, _ in helped), SweepReport())
        return counts + self._put_off(sorted(set(overdue) - {run.run_id for run in rows}))

    def _put_off(self, missing: Sequence[RunId]) -> SweepReport:
        """Rows that cannot be read leave the front of the index; whoever can read them later finds them again."""
        try:
            return sum((self._put_off_one(run_id) for run_id in missing), SweepReport())
        except CarillonError as error:
            self._log("sweep_failed", "Rows that cannot be read stay where they are.", error=repr(error))
            return SweepReport(failed=1)

    def _put_off_one(self, run_id: RunId) -> SweepReport:
        why = self._runs.put_off_unreadable(run_id, self._clock.now() + LONGEST_RESEND)
        if why is None:
            return SweepReport()
        self._log("run_unreadable", "A run's row cannot be read.", task_id=str(run_id), why=why)
        return SweepReport(unreadable=1)

    def _look_after(self, look: tuple[Run, datetime | None]) -> Helped:
        run, limit = look
        recovery = no_later_than(look_after(run, self._clock.now()), limit)
        if recovery.action is Action.NOTHING:
            return SweepReport(passed=1), None
        try:
            return self._recover(run, recovery)
        except LostRace:
            return SweepReport(passed=1), None
        except CarillonError as error:
            self._log("sweep_failed", "A run could not be looked after.", **about(run), error=repr(error))
            return SweepReport(failed=1), None

    def _recover(self, run: Run, recovery: Recovery) -> Helped:
        pushed = self._runs.transition(run, recovery.pushed, held_wake=True)
        if recovery.action is Action.RESEND:
            return SweepReport(resent=1), pushed
        if recovery.action is Action.ADVANCE:
            self._wind_up(pushed)
            return SweepReport(advanced=1), None
        if recovery.action is Action.EXTEND:
            return SweepReport(extended=1), None
        if recovery.action is Action.TIME_OUT:
            return self._time_out(pushed, recovery.reason)
        if recovery.action is Action.OVERDUE:
            return self._overdue(pushed)
        return self._expire(pushed)

    def _time_out(self, run: Run, reason: str) -> Helped:
        after = past_deadline(run, self._clock.now(), reason, claim_id=self._chance.token())
        self._wind_up(self._runs.transition(run, after, held_wake=True))
        return SweepReport(timed_out=1), None

    def _overdue(self, run: Run) -> Helped:
        policy, chance = retry_policy(self._schedules, run), self._chance
        after = overdue(run, policy, self._clock.now(), chance.share(), chance.token())
        written = self._runs.transition(run, after, held_wake=True)
        self._log(
            "callback_overdue",
            written.events[-1].message,
            **about(run),
            attempt=run.attempt,
        )
        return self._counted(self._wind_up(written))

    def _expire(self, run: Run) -> Helped:
        policy = retry_policy(self._schedules, run)
        after = expire(run, policy, self._clock.now(), self._chance.share(), self._chance.token())
        written = self._runs.transition(run, after, held_wake=True)
        self._log(
            "attempt_lost",
            "An attempt's lease ended without a result.",
            **about(run),
            attempt=run.attempt,
        )
        return self._counted(self._wind_up(written))

    def _counted(self, run: Run) -> Helped:
        if run.state is RunState.RETRYING:
            return SweepReport(retried=1), run if is_sent_at_once(run) else None
        word = _COUNTED.get(run.state, "passed")
        return SweepReport(**{word: 1}), None
