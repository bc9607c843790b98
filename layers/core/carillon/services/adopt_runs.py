"""Gives the overlap slot to runs that began without one, when an edit makes their schedule need it.

They were allowed to overlap, or could not; what begins after the edit must find them in its way.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from carillon.domain.errors import LostRace
from carillon.domain.overlap import adopt, is_taker
from carillon.domain.run import Run
from carillon.domain.schedule import Schedule
from carillon.ports.guards import SlotStore
from carillon.ports.runs import RunStore
from carillon.ports.world import Chance, Clock
from carillon.services.slots import Slots

PAGE: Final = 100
MAX_PAGES: Final = 10


class AdoptRuns:
    """Looks at the newest runs; repeats safely, and writes nothing where every run has its slot."""

    def __init__(self, runs: RunStore, slots: SlotStore, clock: Clock, chance: Chance) -> None:
        self._runs = runs
        self._slots = Slots(slots, clock, chance)

    def __call__(self, head: Schedule) -> int:
        """How many runs were given their slot; Throttled, Unavailable."""
        if not head.needs_slot:
            return 0
        found = list(self._without_slot(head.schedule_id))
        if found:
            keys = [run.run_id.run_key for run in found]
            schedule_id = head.schedule_id
            self._slots.settle(schedule_id, self._slots.read(schedule_id), lambda slot: adopt(slot, keys))
        return sum(self._marked(run) for run in found)

    def _without_slot(self, schedule_id: str) -> Iterator[Run]:
        start = None
        for _ in range(MAX_PAGES):
            page = self._runs.of_schedule(schedule_id, PAGE, start)
            yield from (run for run in page.items if _began_without(run))
            start = page.next_key
            if start is None:
                return

    def _marked(self, run: Run) -> bool:
        """A run that ends before it is marked leaves its key behind: whoever finds the slot full removes it."""
        try:
            self._runs.transition(run, replace(run, slotted=True))
        except LostRace:
            current = self._runs.get(run.run_id)
            return current is not None and _began_without(current) and self._marked(current)
        return True


def _began_without(run: Run) -> bool:
    return is_taker(run) and run.attempt > 0 and not run.slotted and not run.state.is_terminal
