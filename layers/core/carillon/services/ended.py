"""What the one who ended a run does at once: the one place where an end's consequences for other runs begin.

Called after the ending write, by every ender. A crash between the two loses nothing: a redelivered message of an
ended run comes here again, and each consequence has a wake-up of its own.
"""

from carillon.domain.errors import Throttled, Unavailable
from carillon.domain.run import Run
from carillon.ports import Chance, Clock, DispatchQueue, Log, SlotStore
from carillon.services.slots import ReleaseSlot, Slots


class Ended:
    """Gives back the run's overlap slot, and so wakes the oldest run that waits for it."""

    def __init__(self, release_slot: ReleaseSlot, log: Log) -> None:
        self._release_slot = release_slot
        self._log = log

    def __call__(self, run: Run) -> None:
        """Repeats safely; a store that does not answer is left to the next wake-up, for the end itself is written."""
        try:
            self._release_slot(run)
        except (Throttled, Unavailable) as error:
            self._log(
                "slot_kept",
                "An ended run's slot is left to whoever finds it full.",
                run_id=str(run.run_id),
                why=str(error),
            )


def build_ended(slots: SlotStore, queue: DispatchQueue, clock: Clock, chance: Chance, log: Log) -> Ended:
    """The consequences over a stack's ports."""
    return Ended(ReleaseSlot(Slots(slots, clock, chance), queue, clock), log)
