"""What follows an attempt's end, whoever wrote it: a wish to stop that was not noticed in time, then the run's end."""

from carillon.domain.cancelling import cancel, is_to_be_stopped
from carillon.domain.recovery import is_moved_by_steps
from carillon.domain.run import Run
from carillon.ports.runs import RunStore
from carillon.ports.world import Chance, Clock
from carillon.services.ended import Ended


class WindUp:
    """Called with the row as written: a run that was asked to stop gets no further attempt."""

    def __init__(self, runs: RunStore, ended: Ended, clock: Clock, chance: Chance) -> None:
        self._runs = runs
        self._ended = ended
        self._clock = clock
        self._chance = chance

    def __call__(self, run: Run) -> Run:
        """The run as it then stands; LostRace when it moved meanwhile."""
        if is_to_be_stopped(run):
            message = "asked to stop while an attempt ran: no other follows"
            after = cancel(run, self._clock.now(), message, claim_id=self._chance.token())
            run = self._runs.transition(run, after)
        if run.state.is_terminal or is_moved_by_steps(run):
            self._ended(run)
        return run
