"""Asks a run to stop: it ends at once while nothing runs, and cooperatively while an attempt does."""

from dataclasses import dataclass
from typing import Final

from carillon.domain.audit import AuditEntry
from carillon.domain.cancelling import CancelAnswer, request
from carillon.domain.errors import LostRace, RunNotFound, Unavailable
from carillon.domain.recovery import is_moved_by_steps
from carillon.domain.run import Run
from carillon.domain.run_id import RunId
from carillon.ports.runs import RunStore
from carillon.ports.world import Chance, Clock
from carillon.services.ended import Ended

MAX_TRIES: Final = 8


@dataclass(frozen=True, slots=True)
class CancelResult:
    """What became of the wish, and the run as it stands."""

    answer: CancelAnswer
    run: Run


class CancelRun:
    """The verb of an operator's cancel and of the overlap policy `replace`."""

    def __init__(self, runs: RunStore, ended: Ended, clock: Clock, chance: Chance) -> None:
        self._runs = runs
        self._ended = ended
        self._clock = clock
        self._chance = chance

    def __call__(
        self, run_id: RunId, reason: str, message: str, audit: AuditEntry | None = None
    ) -> CancelResult:
        """Carries out the wish; with an audit entry, that entry and the change are one transaction.

        RunNotFound; Unavailable when the run keeps moving. Nothing is written when it is too late, or when the
        attempt has been asked already.
        """
        for _ in range(MAX_TRIES):
            run = self._runs.get(run_id)
            if run is None:
                raise RunNotFound(f"There is no run {run_id}.")
            answer, after = request(run, self._clock.now(), reason, message, self._chance.token())
            if after is run:
                return CancelResult(answer, run)
            try:
                written = self._runs.transition(run, after, audit=audit)
            except LostRace:
                continue
            if written.state.is_terminal or is_moved_by_steps(written):
                self._ended(written)
            return CancelResult(answer, written)
        raise Unavailable(f"The run {run_id} moves faster than it can be cancelled; try again.")
