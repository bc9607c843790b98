"""Claims and sends at once what a freshly written schedule has within the tick's horizon."""

from collections.abc import Sequence

from carillon.domain.errors import Throttled, Unavailable
from carillon.domain.run import Run
from carillon.domain.schedule import Schedule
from carillon.ports.world import Clock, Log
from carillon.services.claim import Claimer
from carillon.services.tick import HORIZON


class DispatchAtOnce:
    """A failure here fails nothing: the schedule is written, and the next tick finds it."""

    def __init__(self, claimer: Claimer, clock: Clock, log: Log) -> None:
        self._claimer = claimer
        self._clock = clock
        self._log = log

    def __call__(self, head: Schedule, runs: Sequence[Run] = ()) -> None:
        """Returns when it is sent, or left to the tick; `runs` are queued rows that the write itself made."""
        now = self._clock.now()
        try:
            self._claimer.send(runs)
            self._claimer.dispatch_now(head, now, now + HORIZON)
        except (Throttled, Unavailable) as error:
            self._log(
                "dispatch_postponed",
                "A schedule's first fire times are left to the tick.",
                schedule_id=head.schedule_id,
                why=str(error),
            )
