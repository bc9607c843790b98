"""Whether a run may start now: not cancelled, wanted by its schedule's head, and its turn in the overlap slot.

A first attempt of a top-level run is judged by the head; a run of a fire time takes the slot too. A later attempt holds
its slot already, and only asks whether the run is still wanted.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from carillon.domain.cancelling import cancel, is_to_be_stopped
from carillon.domain.dispatch import Dispatch
from carillon.domain.head_check import may_start
from carillon.domain.holding import hold
from carillon.domain.lifecycle import skip
from carillon.domain.overlap import Answer, is_taker
from carillon.domain.run import Origin, Run
from carillon.domain.schedule import Schedule
from carillon.domain.workflow.step_key import split
from carillon.domain.workflow.tasks import BELOW, is_wanted
from carillon.ports.dispatch import DispatchQueue
from carillon.ports.guards import SlotStore
from carillon.ports.runs import RunStore
from carillon.ports.world import Chance, Clock
from carillon.services.cancel_run import CancelRun
from carillon.services.ended import Ended
from carillon.services.slots import Slots, TakeSlot


@dataclass(frozen=True, slots=True)
class Turn:
    """Go, with the run as its start should leave it; or the run as it was written: ended, or waiting."""

    go: bool
    run: Run


class TakeTurn:
    """Asks for a run's turn and writes down what became of it."""

    def __init__(
        self,
        runs: RunStore,
        take_slot: TakeSlot,
        queue: DispatchQueue,
        ended: Ended,
        clock: Clock,
        chance: Chance,
    ) -> None:
        self._runs = runs
        self._queue = queue
        self._take_slot = take_slot
        self._ended = ended
        self._clock = clock
        self._chance = chance

    def __call__(self, run: Run, head: Schedule | None) -> Turn:
        """The turn of a run that is QUEUED or RETRYING; LostRace when it moved meanwhile."""
        now = self._clock.now()
        if is_to_be_stopped(run):
            message = "asked to stop before this attempt started"
            return self._end(run, cancel(run, now, message, claim_id=self._chance.token()))
        if run.origin in BELOW and not is_wanted(self._runs.get(split(run.run_id)[0]), run):
            message = "its workflow no longer wants it"
            return self._end(run, cancel(run, now, message, reason="unwanted", claim_id=self._chance.token()))
        if run.attempt > 0 or run.origin in BELOW:
            return Turn(True, run)
        verdict = may_start(head, run, now)
        if verdict.again_at is not None:
            return self._put_off(run, verdict.again_at, verdict.message)
        if not verdict.go or head is None:
            return self._end(run, skip(run, now, verdict.reason, verdict.message, self._chance.token()))
        if is_taker(run) and (head.needs_slot or run.slotted):
            return self._in_slot(run, head)
        return Turn(True, run)

    def _in_slot(self, run: Run, head: Schedule) -> Turn:
        decision = self._take_slot(run, head.policies)
        now = self._clock.now()
        if decision.answer is Answer.TAKEN:
            return Turn(True, replace(run, slotted=True))
        if decision.answer is Answer.SKIP:
            return self._end(run, skip(run, now, decision.reason, decision.message, self._chance.token()))
        if run.slotted:
            return Turn(False, run)
        waiting = replace(run, slotted=True).noted(now, decision.message)
        return Turn(False, self._runs.transition(run, waiting))

    def _put_off(self, run: Run, again_at: datetime, message: str) -> Turn:
        """A fire time that is too late becomes a catch-up, which no grace and no edit ends."""
        now = self._clock.now()
        after = replace(hold(run, now, again_at, message), origin=Origin.CATCH_UP)
        held = self._runs.transition(run, after)
        self._queue.send([Dispatch.for_next_attempt(held)], now)
        return Turn(False, held)

    def _end(self, run: Run, after: Run) -> Turn:
        written = self._runs.transition(run, after)
        self._ended(written)
        return Turn(False, written)


def build_turn(
    runs: RunStore, slots: SlotStore, queue: DispatchQueue, ended: Ended, clock: Clock, chance: Chance
) -> TakeTurn:
    """The turn over a stack's ports."""
    take_slot = TakeSlot(
        Slots(slots, clock, chance), runs, queue, clock, CancelRun(runs, ended, clock, chance)
    )
    return TakeTurn(runs, take_slot, queue, ended, clock, chance)
