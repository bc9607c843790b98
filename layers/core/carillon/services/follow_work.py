"""Follows work that a run has started elsewhere: notes its name, asks what came of it, and stops it.

An event only wakes: whatever it says, the service is asked, and one conditional write decides. So events may be lost,
doubled or late.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, cast

from carillon.domain.cancelling import cancel
from carillon.domain.dispatch import Dispatch
from carillon.domain.errors import CarillonError
from carillon.domain.job import Job, Wait
from carillon.domain.lifecycle import is_sent_at_once
from carillon.domain.log_fields import about
from carillon.domain.outcome import Outcome
from carillon.domain.remote import follow, settle_remote, too_long
from carillon.domain.run import MAX_MESSAGE, Run, RunState
from carillon.domain.run_remote import Remote
from carillon.domain.secret_mask import SecretMask
from carillon.domain.workflow.output import measured
from carillon.ports.dispatch import DispatchQueue
from carillon.ports.guards import Fact, Facts
from carillon.ports.runs import OutputStore, RunStore
from carillon.ports.schedules import ScheduleStore
from carillon.ports.targets import FollowedTarget, Target
from carillon.ports.world import Chance, Clock, Log
from carillon.services.retry_policy import retry_policy
from carillon.services.wind_up import WindUp

KEPT_AFTER_DUE: Final = timedelta(days=1)
STOP_TRIES: Final = 5
"""How often a service that cannot be reached is asked to stop work before the run is cancelled without it."""


def fact_key(remote_id: str) -> str:
    """Under which the run of some work is remembered."""
    return f"remote#{remote_id}"


class FollowWork:
    """Follows the work of runs that wait for completion."""

    def __init__(
        self,
        targets: Mapping[str, Target],
        facts: Facts,
        schedules: ScheduleStore,
        runs: RunStore,
        outputs: OutputStore,
        wind_up: WindUp,
        queue: DispatchQueue,
        clock: Clock,
        chance: Chance,
        log: Log,
        mask: Callable[[Run], SecretMask],
    ) -> None:
        self._mask = mask
        self._targets = targets
        self._facts = facts
        self._schedules = schedules
        self._runs = runs
        self._outputs = outputs
        self._wind_up = wind_up
        self._queue = queue
        self._clock = clock
        self._chance = chance
        self._log = log

    def begin(self, run: Run, job: Job, job_wait: Wait, outcome: Outcome) -> Run:
        """The run waits for the work; whose it is stands in the Guards table first, so that its end finds the run."""
        now = self._clock.now()
        after = follow(run, now, job_wait, job.retry, str(job.target.get("kind")), outcome)
        if after.remote is not None:
            self._remember(run, after.remote, now)
        written = self._runs.transition(run, after)
        self._tell("completion_awaited", outcome.message, written)
        return self.look(written) if written.cancel_requested_at is not None else written

    def _remember(self, run: Run, remote: Remote, now: datetime) -> None:
        fact = Fact({"run_id": str(run.run_id)}, remote.due_at + KEPT_AFTER_DUE, self._chance.token())
        try:
            self._facts.swap(fact_key(remote.id), None, fact, now)
        except CarillonError as error:
            # The work has begun: without this its event finds nobody, but the sweep asks all the same.
            self._log("work_not_remembered", str(error), **about(run), attempt=run.attempt)

    def look(self, run: Run) -> Run:
        """Asks what came of the work of a waiting run; LostRace when somebody else has found it out."""
        try:
            return self._stop_wanted(run) if run.cancel_requested_at is not None else self._ask(run)
        except CarillonError as error:
            if not error.retryable:
                raise
            # The sweep comes again; a message that came back instead would end as a dead letter.
            self._log("not_asked", str(error), **about(run), attempt=run.attempt)
            return run

    def _ask(self, run: Run) -> Run:
        target, remote = self._target(run), run.remote
        outcome = None if target is None or remote is None else target.ask(remote.id)
        if outcome is not None:
            return self._settle(run, self._masked(run, outcome))
        if remote is not None and self._clock.now() < remote.due_at:
            return run
        if target is not None and remote is not None:
            target.stop(remote.id, f"{run.run_id} did not end in time")
        return self._settle(run, too_long(run))

    def _masked(self, run: Run, outcome: Outcome) -> Outcome:
        try:
            return self._mask(run).outcome(outcome)
        except CarillonError as error:
            if error.retryable:
                raise
            message = f"The work has ended; what it said is not kept, for its secrets cannot be told from it: {error}"
            return replace(outcome, message=message, output=None)

    def _settle(self, run: Run, outcome: Outcome) -> Run:
        policy, now = retry_policy(self._schedules, run), self._clock.now()
        outcome, size = measured(outcome)
        if size is not None:
            self._outputs.keep(run, outcome.output, now)
        after = settle_remote(run, outcome, policy, now, self._chance.share(), self._chance.token())
        written = self._runs.transition(run, replace(after, output_bytes=size))
        self._tell("completion_found", outcome.message, written)
        written = self._wind_up(written)
        if written.state is RunState.RETRYING and is_sent_at_once(written):
            self._queue.send([Dispatch.for_next_attempt(written)], now)
        return written

    def _stop_wanted(self, run: Run) -> Run:
        target, remote = self._target(run), run.remote
        message = "its work elsewhere was stopped when asked to"
        if target is not None and remote is not None:
            try:
                target.stop(remote.id, f"{run.run_id}: {run.cancel_reason or 'cancelled'}")
            except CarillonError as error:
                if run.sends < STOP_TRIES:
                    raise
                message = f"its work elsewhere could not be stopped: {error}"
        after = cancel(run, self._clock.now(), message, claim_id=self._chance.token())
        written = self._runs.transition(run, after)
        self._tell("work_stopped", message, written)
        return self._wind_up(written)

    def _target(self, run: Run) -> FollowedTarget | None:
        kind = run.remote.kind if run.remote else ""
        return cast("FollowedTarget | None", self._targets.get(kind))

    def _tell(self, action: str, message: str, run: Run) -> None:
        fields: dict[str, Any] = {**about(run), "status": run.state, "attempt": run.attempt}
        self._log(action, message[:MAX_MESSAGE], **fields)
