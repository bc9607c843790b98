"""Executes one attempt of one run: wait, ask the head, start, call the target, finish.

Every step can be the last one this process takes. Before the start nothing has happened; after it the lease
tells the sweep when to look. An attempt calls its target at most once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from carillon.domain.callback import token_hash
from carillon.domain.dispatch import Dispatch
from carillon.domain.errors import CarillonError, LostRace
from carillon.domain.head_check import may_start
from carillon.domain.job import Job, Retry, Wait
from carillon.domain.lifecycle import finish, is_sent_at_once, past_deadline, skip, start
from carillon.domain.outcome import Outcome, permanent, retryable
from carillon.domain.recovery import is_past_deadline
from carillon.domain.retry import follow_up
from carillon.domain.run import Origin, Run, RunState
from carillon.domain.schedule import Schedule
from carillon.domain.waiting import arm, wait
from carillon.ports import Chance, Clock, DispatchQueue, Log, RunStore
from carillon.services.attempt import Attempt

EARLY: Final = timedelta(seconds=2)
"""A message that comes earlier than this is sent again with the remaining delay; a smaller rest is waited out."""

LEASE_MARGIN: Final = timedelta(seconds=5)
"""What a lease outlasts the invocation's own hard deadline by, for clocks that differ."""

_STARTABLE: Final = frozenset({RunState.QUEUED, RunState.RETRYING})
_UNTOLD: Final = frozenset({Origin.STEP, Origin.COMPENSATION})


class Ending(StrEnum):
    """What became of a message; every one of these is acknowledged."""

    EARLY = "early"
    NOT_NEEDED = "not_needed"
    SKIPPED = "skipped"
    EXECUTED = "executed"


@dataclass(frozen=True, slots=True)
class Executed:
    """The ending of a message, with the run as it stands when there is one."""

    ending: Ending
    run: Run | None = None


class Execute:
    """The worker's one verb."""

    def __init__(
        self, runs: RunStore, attempt: Attempt, queue: DispatchQueue, clock: Clock, chance: Chance, log: Log
    ) -> None:
        self._runs = runs
        self._attempt = attempt
        self._queue = queue
        self._clock = clock
        self._chance = chance
        self._log = log

    def execute(self, body: str, hard_deadline: datetime) -> Executed:
        """Carries out one message; MalformedMessage for a body that is none, retryable errors to be told again."""
        message = Dispatch.decode(body)
        if message.not_before - self._clock.now() > EARLY:
            return self._too_early(message)
        self._clock.sleep((message.not_before - self._clock.now()).total_seconds())
        run = self._runs.get(message.run_id)
        if run is None or not _is_for(message, run, self._clock.now()):
            return Executed(Ending.NOT_NEEDED, run)
        try:
            return self._start_and_finish(run, hard_deadline)
        except LostRace:
            return Executed(Ending.NOT_NEEDED, run)

    def _too_early(self, message: Dispatch) -> Executed:
        # The row's time counts: a message that claims a later one would otherwise go round for ever.
        run = self._runs.get(message.run_id)
        if run is None or not _is_awaited(message, run) or run.not_before < message.not_before:
            return Executed(Ending.NOT_NEEDED, run)
        self._queue.send([Dispatch.for_next_attempt(run)], self._clock.now())
        return Executed(Ending.EARLY)

    def _start_and_finish(self, run: Run, hard_deadline: datetime) -> Executed:
        head = self._attempt.head(run)
        if run.attempt == 0 and run.origin not in _UNTOLD:
            verdict = may_start(head, run, self._clock.now())
            if not verdict.go:
                after = skip(run, self._clock.now(), verdict.reason, verdict.message, self._chance.token())
                return Executed(Ending.SKIPPED, self._runs.transition(run, after))
        if is_past_deadline(run, self._clock.now()):
            return Executed(Ending.NOT_NEEDED, self._runs.transition(run, self._given_up(run)))
        started = self._start(run, head, hard_deadline)
        return Executed(Ending.EXECUTED, self._call_and_finish(started, hard_deadline))

    def _given_up(self, run: Run) -> Run:
        message = f"attempt {run.attempt + 1} would begin after the deadline of all attempts"
        return past_deadline(run, self._clock.now(), message, claim_id=self._chance.token())

    def _start(self, run: Run, head: Schedule | None, hard_deadline: datetime) -> Run:
        after = start(
            run,
            self._clock.now(),
            claim_id=self._chance.token(),
            lease_until=hard_deadline + LEASE_MARGIN,
            revision=head.revision if head else 0,
        )
        return self._runs.transition(run, after)

    def _call_and_finish(self, run: Run, hard_deadline: datetime) -> Run:
        try:
            job = self._attempt.job(run)
        except CarillonError as error:
            outcome = retryable if error.retryable else permanent
            unread = outcome("job_unreadable", f"the job could not be read: {error}")
            return self._finish(run, unread, Retry())
        if job.wait is None:
            return self._finish(run, self._attempt.call(run, job, hard_deadline), job.retry)
        token = self._chance.token()
        armed = self._runs.transition(run, arm(run, token_hash(run.run_id, token)))
        result = self._attempt.call(armed, job, hard_deadline, token)
        if result.succeeded:
            return self._await_callback(armed, result, job, job.wait)
        return self._finish(armed, result, job.retry)

    def _await_callback(self, run: Run, outcome: Outcome, job: Job, job_wait: Wait) -> Run:
        after = wait(run, self._clock.now(), job_wait, job.retry, outcome.message)
        written = self._runs.transition(run, after)
        self._log(
            "callback_awaited",
            outcome.message,
            task_id=str(run.run_id),
            status=written.state,
            attempt=run.attempt,
            duration_ms=written.events[-1].duration_ms,
        )
        return written

    def _finish(self, run: Run, outcome: Outcome, policy: Retry) -> Run:
        now = self._clock.now()
        decision = follow_up(policy, run, outcome, now, self._chance.share())
        written = self._runs.transition(run, finish(run, outcome, decision, now))
        self._log(
            "attempt_finished",
            outcome.message,
            task_id=str(run.run_id),
            status=written.state,
            attempt=run.attempt,
            duration_ms=written.events[-1].duration_ms,
        )
        if written.state is RunState.RETRYING and is_sent_at_once(written):
            self._queue.send([Dispatch.for_next_attempt(written)], now)
        return written


def _is_for(message: Dispatch, run: Run, now: datetime) -> bool:
    """Whether this message is the one the row waits for: its attempt comes next and its time has come."""
    return _is_awaited(message, run) and run.not_before <= now


def _is_awaited(message: Dispatch, run: Run) -> bool:
    return run.state in _STARTABLE and message.attempt == run.attempt + 1
