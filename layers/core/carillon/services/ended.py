"""What the one who ended a run does at once: the one place where an end's consequences for other runs begin.

Called after the ending write, by every ender. A crash between the two loses nothing: a redelivered message of an
ended run comes here again, and each consequence has a wake-up of its own.
"""

from collections.abc import Callable

from carillon.domain.errors import CarillonError
from carillon.domain.log_fields import about
from carillon.domain.recovery import is_moved_by_steps
from carillon.domain.run import Run
from carillon.domain.workflow.tasks import BELOW
from carillon.ports.dispatch import DispatchQueue
from carillon.ports.guards import SlotStore
from carillon.ports.world import Chance, Clock, Log
from carillon.services.slots import ReleaseSlot, Slots

Advance = Callable[[Run], Run | None]


class Ended:
    """Gives back the run's overlap slot, and so wakes the oldest run that waits for it; moves on its workflow."""

    def __init__(self, release_slot: ReleaseSlot, log: Log, advance: Advance | None = None) -> None:
        self._release_slot = release_slot
        self._log = log
        self._advance = advance

    def __call__(self, run: Run) -> None:
        """Repeats safely; what cannot be done now is left to the next wake-up, for the end itself is written."""
        try:
            if run.state.is_terminal:
                self._release_slot(run)
            top = self._advance(run) if self._advance is not None and _moves_others(run) else None
            if top is not None and top.state.is_terminal:
                self._release_slot(top)
        except CarillonError as error:
            self._log(
                "consequence_postponed",
                "What follows a run's end is left to the next wake-up.",
                **about(run),
                why=str(error),
            )


def _moves_others(run: Run) -> bool:
    """Whether a workflow goes on from here: the end of something below its top, or the top's own beginning."""
    return run.origin in BELOW or is_moved_by_steps(run)


def build_ended(
    slots: SlotStore,
    queue: DispatchQueue,
    clock: Clock,
    chance: Chance,
    log: Log,
    advance: Advance | None = None,
) -> Ended:
    """The consequences over a stack's ports."""
    return Ended(ReleaseSlot(Slots(slots, clock, chance), queue, clock), log, advance)
