"""What an operator does about effects that were not taken back: compensates again, or declares the run settled."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from carillon.domain.access import Principal
from carillon.domain.errors import LostRace, RunNotCompensable, RunNotFound, Unavailable
from carillon.domain.job import Job
from carillon.domain.run import EventKind, Run, RunState
from carillon.domain.run_id import RunId
from carillon.domain.workflow.rows import compensating, ended
from carillon.domain.workflow.tasks import BELOW
from carillon.ports.runs import RunStore
from carillon.ports.schedules import ScheduleStore
from carillon.ports.world import Chance, Clock
from carillon.services.authorise import Permission, authorise_schedule
from carillon.services.ended import Ended
from carillon.services.jobs import Jobs
from carillon.services.journal import Journal

MAX_TRIES: Final = 8


class SettleRun:
    """The operator's two edges out of a run whose effects are still there."""

    def __init__(
        self,
        schedules: ScheduleStore,
        runs: RunStore,
        ended: Ended,
        clock: Clock,
        chance: Chance,
        journal: Journal,
    ) -> None:
        self._schedules = schedules
        self._runs = runs
        self._jobs = Jobs(schedules)
        self._ended = ended
        self._clock = clock
        self._chance = chance
        self._journal = journal

    def compensate(self, principal: Principal, run_id: str) -> Run:
        """Begins another round with what is left, or the first of a run that ended UNKNOWN; RunNotCompensable."""

        def move(run: Run) -> Run:
            self._check_compensable(run)
            again = replace(run, attempt=run.attempt + (run.state is RunState.COMPENSATION_FAILED))
            message = f"compensation asked for by {principal.name}"
            reason = run.reason or "compensated_by_hand"
            return compensating(again, self._clock.now(), self._chance.token(), message, reason)

        run = self._move(principal, run_id, Permission.RETRY_RUNS, "run.compensate", None, move)
        self._ended(run)
        return run

    def settle(self, principal: Principal, run_id: str, note: str) -> Run:
        """Declares that the effects are dealt with outside; the note is audited. RunNotCompensable."""

        def move(run: Run) -> Run:
            if run.state is not RunState.COMPENSATION_FAILED:
                raise RunNotCompensable(
                    f"The run is {run.state}; only one that is COMPENSATION_FAILED can be settled."
                )
            message = f"settled by {principal.name}: {note}"
            return ended(run, EventKind.SETTLE, self._clock.now(), self._chance.token(), message, run.reason)

        return self._move(principal, run_id, Permission.SETTLE_RUNS, "run.settle", note, move)

    def _check_compensable(self, run: Run) -> None:
        if run.state is RunState.COMPENSATION_FAILED:
            return
        if run.state is RunState.UNKNOWN and run.origin not in BELOW and _is_plain(self._jobs.whole(run)):
            return
        raise RunNotCompensable(
            f"The run is {run.state}; compensation can be asked for when it is COMPENSATION_FAILED, or UNKNOWN with a "
            "task that has a compensation."
        )

    def _move(
        self,
        principal: Principal,
        run_id: str,
        permission: Permission,
        action: str,
        note: str | None,
        move: Callable[[Run], Run],
    ) -> Run:
        parsed = RunId.parse(run_id)
        authorise_schedule(principal, permission, self._schedules, parsed.schedule_id)
        for _ in range(MAX_TRIES):
            run = self._runs.get(parsed)
            if run is None:
                raise RunNotFound(f"There is no run {parsed}.")
            after = move(run)
            audit = self._journal.entry(
                principal,
                action,
                f"run:{parsed}",
                self._clock.now(),
                before={"state": str(run.state)},
                after={"state": str(after.state)} | ({} if note is None else {"note": note}),
            )
            try:
                return self._runs.transition(run, after, audit=audit)
            except LostRace:
                continue
        raise Unavailable(f"The run {parsed} moves faster than it can be changed; try again.")


def _is_plain(job: Job) -> bool:
    return job.workflow is None and job.compensate is not None
