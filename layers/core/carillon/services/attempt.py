"""What an attempt needs around its target: the head as it is now, the immutable job it runs, and the call itself."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from traceback import format_exception
from typing import Final
from urllib.parse import quote

from carillon.domain.errors import CarillonError, SecretMissing
from carillon.domain.job import Job
from carillon.domain.outcome import Outcome, OutcomeKind, permanent, retryable, timed_out
from carillon.domain.retry import deadline_of
from carillon.domain.run import Run
from carillon.domain.schedule import Schedule
from carillon.domain.secret_marks import Mark, marks_of
from carillon.domain.secret_mask import SecretMask
from carillon.domain.secret_uses import filled, names_placed, placed
from carillon.domain.secrets import Secret
from carillon.domain.target_call import TargetCall
from carillon.domain.targets.http import host_of
from carillon.domain.templates import Facts, fill, needs_window
from carillon.ports.runs import RunLogStore
from carillon.ports.schedules import ScheduleStore
from carillon.ports.targets import Target
from carillon.ports.world import Clock, Log
from carillon.services.jobs import Jobs
from carillon.services.open_secrets import OpenSecrets
from carillon.services.step_inputs import StepInputs
from carillon.services.task_log import TaskLog
from carillon.services.window import LastSuccess

FINISH_RESERVE: Final = timedelta(seconds=1)
"""Time kept at the end of an invocation for writing the result."""


class Attempt:
    """Reads heads and jobs (jobs are immutable and cached) and calls targets by their kind."""

    def __init__(
        self,
        schedules: ScheduleStore,
        targets: Mapping[str, Target],
        clock: Clock,
        log: Log,
        api_url: str = "",
        inputs: StepInputs | None = None,
        jobs: Jobs | None = None,
        open_secrets: OpenSecrets | None = None,
        logs: RunLogStore | None = None,
        last_success: LastSuccess | None = None,
    ) -> None:
        self._logs = logs
        self._schedules = schedules
        self._jobs = jobs or Jobs(schedules)
        self._inputs = inputs
        self._open_secrets = open_secrets
        self._last_success = last_success
        self._targets = targets
        self._clock = clock
        self._log = log
        self._api_url = api_url

    def head(self, run: Run) -> Schedule | None:
        """The schedule's head, read consistently."""
        return self._schedules.head(run.run_id.schedule_id)

    def job(self, run: Run) -> Job:
        """The task of the pinned revision with its inputs; RevisionNotFound, MalformedRow, InvalidPath."""
        task = self._jobs.task(run)
        task = replace(task, target=placed(fill(task.target, self._facts(run, task))))
        return task if self._inputs is None else self._inputs.given(run, task)

    def _facts(self, run: Run, task: Job) -> Facts:
        is_wanted = self._last_success is not None and needs_window(task.target)
        start = self._last_success(run) if self._last_success is not None and is_wanted else run.fire_at
        return Facts(str(run.run_id), run.run_id.schedule_id, run.fire_at, start)

    def host(self, run: Run, head: Schedule | None) -> str | None:
        """The host that the run's next attempt calls, None where there is none or it cannot be told yet."""
        pinned = replace(run, revision=run.revision or (head.revision if head else 0))
        try:
            target = self._jobs.task(pinned).target
        except CarillonError:
            return None
        return host_of(target) if target.get("kind") == "http" else None

    def call(
        self,
        run: Run,
        job: Job,
        hard_deadline: datetime,
        callback_token: str | None = None,
        *,
        cancelled: Callable[[], bool] = bool,
    ) -> Outcome:
        """Calls the target once, unless the lease or the deadline of all attempts leaves no time for it."""
        target = self._targets.get(str(job.target.get("kind")))
        if target is None:
            return permanent(
                "unknown_target", f"this worker has no target of the kind {job.target.get('kind')!r}"
            )
        try:
            secrets = self._secrets(run, job)
        except CarillonError as error:
            return not_sent(error)
        # After the secrets are open, which may take a while: nothing slow comes between this look and the call.
        now = self._clock.now()
        ends = (now + timedelta(seconds=job.timeout_seconds), hard_deadline - FINISH_RESERVE)
        deadline_at = min(*ends, deadline_of(run, job.retry) or ends[0])
        if deadline_at <= now:
            return retryable("no_time_left", "the invocation had no time left for this attempt")
        call = self._call_of(run, job, deadline_at, callback_token)
        mask = SecretMask([*secrets.values(), *([callback_token] if callback_token else [])])
        with TaskLog(run, self._logs, self._clock, self._log) as write:
            told = {"callback.token": callback_token or "", "callback.url": call.callback_url or ""}
            spec = filled(job.target, secrets, told)
            call = replace(call, cancelled=cancelled, spec=spec, log=lambda line: write(mask.text(line)))
            outcome = mask.outcome(self._executed(target, call, mask))
        if not outcome.succeeded and self._clock.now() > hard_deadline:
            return timed_out("the attempt outlived its invocation's deadline")
        return outcome

    def _executed(self, target: Target, call: TargetCall, mask: SecretMask) -> Outcome:
        try:
            return target.execute(call)
        except CarillonError:
            raise
        except Exception as error:  # noqa: BLE001 - the edge to kinds that a stack has added
            # Its text may hold what the call was given; whoever logged it further up could not know.
            told = mask.text("".join(format_exception(error)))
            self._log("target_failed", told, task_id=call.run_id, attempt=call.attempt)
            message = f"The target's own code failed: {type(error).__name__}: {mask.text(str(error))}"[:400]
            return Outcome(OutcomeKind.UNKNOWN, message, error="target_failed")

    def marks(self, run: Run, job: Job, token: str) -> tuple[Mark, ...]:
        """What tells the job's secrets in a callback with this token; KMS's errors, SecretMissing."""
        return marks_of(SecretMask(self._secrets(run, job).values()), token)

    def mask(self, run: Run) -> SecretMask:
        """What must not show in the words of work that this run has started; KMS's errors, SecretMissing."""
        task = self._jobs.task(run)
        return SecretMask(self._secrets(run, replace(task, target=placed(task.target))).values())

    def _secrets(self, run: Run, job: Job) -> dict[str, Secret]:
        if not names_placed(job.target):
            return {}
        if self._open_secrets is None:
            raise SecretMissing("This worker opens no secrets.")
        return self._open_secrets(run, job, self._jobs.secrets(run))

    def _call_of(self, run: Run, job: Job, deadline_at: datetime, callback_token: str | None) -> TargetCall:
        return TargetCall(
            run_id=str(run.run_id),
            schedule_id=run.run_id.schedule_id,
            attempt=run.attempt,
            fire_at=run.fire_at,
            deadline_at=deadline_at,
            spec=job.target,
            log=_nowhere,
            callback_token=callback_token,
            callback_url=self._callback_url(run) if callback_token else None,
            traceparent=run.traceparent(run.attempt),
            tracestate=run.trace.state or None,
        )

    def _callback_url(self, run: Run) -> str | None:
        return f"{self._api_url}/v1/runs/{quote(str(run.run_id), safe='')}" if self._api_url else None


def not_sent(error: CarillonError) -> Outcome:
    """The outcome of an attempt whose secrets could not be opened."""
    failure = retryable if error.retryable else permanent
    return failure(error.code, f"Nothing was sent: {error}")


def _nowhere(line: str) -> None:
    """Where a call writes before its log is opened."""
