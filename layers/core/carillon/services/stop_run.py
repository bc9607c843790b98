"""An operator's wish that a run stops: at once while nothing runs, by asking while an attempt does."""

from carillon.domain.access import Principal
from carillon.domain.cancelling import CANCELLED, CancelAnswer
from carillon.domain.errors import RunEnded, WrongState
from carillon.domain.run import RunState
from carillon.domain.run_id import RunId
from carillon.domain.workflow.ending import COMPENSATE_FIRST
from carillon.ports.schedules import ScheduleStore
from carillon.ports.world import Clock
from carillon.services.authorise import Permission, authorise_schedule
from carillon.services.cancel_run import CancelResult, CancelRun
from carillon.services.journal import Journal


class StopRun:
    """CancelRun with a permission and an audit entry."""

    def __init__(
        self, schedules: ScheduleStore, cancel_run: CancelRun, clock: Clock, journal: Journal
    ) -> None:
        self._schedules = schedules
        self._cancel_run = cancel_run
        self._clock = clock
        self._journal = journal

    def __call__(self, principal: Principal, run_id: str, *, compensate: bool = False) -> CancelResult:
        """What became of it; cancelling twice changes nothing. RunNotFound, RunEnded, WrongState, Forbidden.

        A cancelled run keeps its effects, unless `compensate` asks that they be taken back.
        """
        parsed = RunId.parse(run_id)
        authorise_schedule(principal, Permission.CANCEL_RUNS, self._schedules, parsed.schedule_id)
        audit = self._journal.entry(principal, "run.cancel", f"run:{parsed}", self._clock.now())
        result = self._cancel_run(
            parsed, COMPENSATE_FIRST if compensate else CANCELLED, f"cancelled by {principal.name}", audit
        )
        is_repeated = compensate and result.run.reason == COMPENSATE_FIRST
        if result.answer is CancelAnswer.TOO_LATE and not is_repeated:
            _refuse(result.run.state)
        return result


def _refuse(state: RunState) -> None:
    if state is RunState.COMPENSATING:
        raise WrongState(
            "The run's effects are being taken back, which is not called off as a whole. Cancel the compensation "
            "that is under way, and the run ends COMPENSATION_FAILED."
        )
    if state is not RunState.CANCELLED:
        raise RunEnded(f"The run is {state}; there is nothing left to cancel.")
