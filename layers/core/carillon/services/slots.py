"""The overlap slot at work: taken before a run's first attempt, given back by whoever ends the run.

The row is swapped by its whole value: the first try is a guess (empty when taking, held by this run alone when giving
back), so that the usual run costs two writes and no read; a wrong guess answers with the row as it is.
"""

from collections.abc import Callable, Collection
from typing import Final

from carillon.domain.dispatch import Dispatch
from carillon.domain.errors import MalformedRow, RunNotFound, Throttled
from carillon.domain.overlap import (
    EMPTY,
    REPLACED,
    Answer,
    Decision,
    Slot,
    blockers,
    evict,
    may_hold,
    release,
    take,
)
from carillon.domain.run import Run
from carillon.domain.run_id import RunId
from carillon.domain.schedule import Policies
from carillon.ports.dispatch import DispatchQueue
from carillon.ports.guards import SlotStore
from carillon.ports.runs import RunStore
from carillon.ports.world import Chance, Clock

MAX_TRIES: Final = 20
PAUSE_AFTER_TRIES: Final = 3
LONGEST_PAUSE_SECONDS: Final = 0.2

Stop = Callable[[RunId, str, str], object]
"""Asks a run to stop, with a stable word and a sentence."""


class Slots:
    """Swaps a schedule's slot until a decision on its true value is written."""

    def __init__(self, store: SlotStore, clock: Clock, chance: Chance) -> None:
        self._store = store
        self._clock = clock
        self._chance = chance

    def read(self, schedule_id: str) -> Slot:
        """The slot as of now."""
        return self._store.read(schedule_id)

    def settle(self, schedule_id: str, slot: Slot, decide: Callable[[Slot], Decision]) -> Decision:
        """The decision that holds; Throttled when too many take and release at once."""
        for tries in range(MAX_TRIES):
            decision = decide(slot)
            if decision.slot == slot:
                return decision
            found = self._store.swap(schedule_id, slot, decision.slot, self._clock.now())
            if found is None:
                return decision
            slot = found
            if tries >= PAUSE_AFTER_TRIES:
                self._clock.sleep(LONGEST_PAUSE_SECONDS * self._chance.share())
        raise Throttled(f"The overlap slot of {schedule_id} is being swapped by too many at once.")


class ReleaseSlot:
    """Gives a slot back and wakes the oldest waiter; repeats safely."""

    def __init__(self, slots: Slots, queue: DispatchQueue, clock: Clock) -> None:
        self._slots = slots
        self._queue = queue
        self._clock = clock

    def __call__(self, run: Run) -> None:
        """Nothing for a run that the slot cannot name; Throttled, Unavailable."""
        if not may_hold(run):
            return
        schedule_id, key = run.run_id.schedule_id, run.run_id.run_key
        guess = Slot((key,)) if run.slotted else self._slots.read(schedule_id)
        decision = self._slots.settle(schedule_id, guess, lambda slot: release(slot, key))
        wake(self._queue, self._clock, schedule_id, decision)


class TakeSlot:
    """A run's turn: it takes the slot, waits for it, or is told why it does not run."""

    def __init__(self, slots: Slots, runs: RunStore, queue: DispatchQueue, clock: Clock, stop: Stop) -> None:
        self._slots = slots
        self._runs = runs
        self._queue = queue
        self._clock = clock
        self._stop = stop

    def __call__(self, run: Run, policies: Policies) -> Decision:
        """The decision as written; those it stops and wakes have been told."""
        schedule_id, key = run.run_id.schedule_id, run.run_id.run_key
        ended: set[str] = set()
        looked_at: set[str] = set()

        def decide(slot: Slot) -> Decision:
            decision = take(evict(slot, ended), key, policies)
            if decision.answer is Answer.TAKEN:
                return decision
            unseen = set(blockers(decision, slot, policies)) - looked_at - {key}
            looked_at.update(unseen)
            ended.update(self._ended_among(schedule_id, unseen))
            return take(evict(slot, ended), key, policies)

        guess = self._slots.read(schedule_id) if run.slotted else EMPTY
        decision = self._slots.settle(schedule_id, guess, decide)
        self._ask_to_stop(schedule_id, key, decision)
        wake(self._queue, self._clock, schedule_id, decision)
        return decision

    def _ended_among(self, schedule_id: str, keys: Collection[str]) -> frozenset[str]:
        """Those whose rows are terminal or gone, read consistently; a row that cannot be read keeps its place."""
        ids = [RunId(schedule_id, key) for key in sorted(keys)]
        found = {run.run_id: run for run in self._runs.get_many(ids)} if ids else {}
        return frozenset(run_id.run_key for run_id in ids if self._has_ended(run_id, found.get(run_id)))

    def _has_ended(self, run_id: RunId, run: Run | None) -> bool:
        try:
            run = run or self._runs.get(run_id)
        except MalformedRow:
            return False
        return run is None or run.state.is_terminal

    def _ask_to_stop(self, schedule_id: str, key: str, decision: Decision) -> None:
        for holder in decision.stop:
            try:
                self._stop(RunId(schedule_id, holder), REPLACED, f"asked to stop: {key} replaces this run")
            except (RunNotFound, MalformedRow):
                continue  # Nobody can ask it; whoever comes next finds its slot as it is.


def wake(queue: DispatchQueue, clock: Clock, schedule_id: str, decision: Decision) -> None:
    """Sends those whose turn it may be; none of them has started before."""
    now = clock.now()
    queue.send([Dispatch(RunId(schedule_id, key), 1, now) for key in decision.wake], now)
