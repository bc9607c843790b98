"""Ends queued runs that an operator's write has overtaken, so that the answer to it is also a promise.

Only runs whose time has come, give or take the clocks' margin, are judged here; later ones are judged by the
worker at their time, or a resume in between would lose them.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from carillon.domain.errors import LostRace
from carillon.domain.head_changes import CLAIM_REACH
from carillon.domain.lifecycle import skip
from carillon.domain.run import Origin, Run, RunState
from carillon.domain.run_id import RunId
from carillon.domain.schedule import Schedule
from carillon.domain.workflow.tasks import BELOW
from carillon.ports.guards import SlotStore
from carillon.ports.runs import RunStore
from carillon.ports.world import Chance, Clock
from carillon.services.ended import Ended

LATE_MARGIN: Final = timedelta(seconds=60)
MAX_TRIES: Final = 4


class EndQueued:
    """Skips the queued runs of a schedule up to now plus the margin of the clocks."""

    def __init__(
        self,
        runs: RunStore,
        slots: SlotStore,
        ended: Ended,
        clock: Clock,
        chance: Chance,
        skew_seconds: int,
    ) -> None:
        self._runs = runs
        self._slots = slots
        self._ended = ended
        self._clock = clock
        self._chance = chance
        self._skew = timedelta(seconds=skew_seconds)

    def __call__(self, head: Schedule, is_over: Callable[[Run], bool], reason: str, message: str) -> int:
        """How many runs were ended; a run that started meanwhile had started before the answer, and stays.

        A workflow that has started goes on, its steps and compensations with it: they are not asked. Called after the
        head is written: a worker that read the old head has a fire time up to this moment.
        """
        now = self._clock.now()
        queued = self._runs.queued_between(head.schedule_id, self._oldest(head, now), now + self._skew)
        mine = [run for run in queued if run.origin not in BELOW and is_over(run)]
        return sum(self._end(run, now, reason, message) for run in mine)

    def ahead(self, head: Schedule) -> list[Run]:
        """The fire times that are claimed but whose time has not come, oldest first."""
        now = self._clock.now()
        queued = self._runs.queued_between(head.schedule_id, self._oldest(head, now), now + CLAIM_REACH)
        return [
            run for run in queued if run.origin is Origin.FIRE and run.not_before > now and not run.attempt
        ]

    def surely_ahead(self, head: Schedule) -> list[Run]:
        """Those of them that no worker's clock can have brought to their start."""
        earliest = self._clock.now() + self._skew
        return [run for run in self.ahead(head) if run.not_before > earliest]

    def these(self, runs: Iterable[Run], reason: str, message: str) -> list[Run]:
        """Those of the runs that were ended: not the ones that started meanwhile."""
        now = self._clock.now()
        return [run for run in runs if self._end(run, now, reason, message)]

    def _oldest(self, head: Schedule, now: datetime) -> datetime:
        """How far back a queued run that may still start can lie: its grace and jitter, or the slot it waits for."""
        spread = head.policies.misfire.grace_seconds + head.timetable.jitter_seconds
        late = now - timedelta(seconds=spread) - LATE_MARGIN
        slot = self._slots.read(head.schedule_id)
        keys = (*slot.holders, *slot.waiters)
        return min([late, *(RunId(head.schedule_id, key).moment for key in keys)])

    def _end(self, run: Run, now: datetime, reason: str, message: str) -> bool:
        current: Run | None = run
        for _ in range(MAX_TRIES):
            if current is None or current.state is not RunState.QUEUED:
                return False
            try:
                written = self._runs.transition(
                    current, skip(current, now, reason, message, self._chance.token())
                )
            except LostRace:
                current = self._runs.get(run.run_id)
                continue
            self._ended(written)
            return True
        return False
