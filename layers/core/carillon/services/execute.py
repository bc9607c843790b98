"""Executes one attempt of one run: wait, ask the head, start, call the target, finish.

Every step can be the last one this process takes. Before the start nothing has happened; after it the lease
tells the sweep when to look. An attempt calls its target at most once.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from carillon.domain.callback import token_hash
from carillon.domain.cancelling import is_followed, stopped
from carillon.domain.dispatch import Dispatch
from carillon.domain.errors import CarillonError, InvalidPath, LostRace
from carillon.domain.holding import held_at_most_until, hold
from carillon.domain.job import Job, Retry, Wait
from carillon.domain.lifecycle import (
    LEASE_MARGIN,
    finish,
    is_sent_at_once,
    past_deadline,
    start,
    undeliverable,
)
from carillon.domain.log_fields import about
from carillon.domain.outcome import Outcome, permanent, retryable
from carillon.domain.recovery import is_moved_by_steps, is_past_deadline
from carillon.domain.retry import follow_up
from carillon.domain.run import MAX_MESSAGE, WAITS_FOR_A_MESSAGE, Run, RunState
from carillon.domain.schedule import Schedule
from carillon.domain.span import attempt_span
from carillon.domain.waiting import arm, wait
from carillon.ports.dispatch import DispatchQueue
from carillon.ports.runs import RunStore
from carillon.ports.sealing import MessageOpener
from carillon.ports.signals import Spans
from carillon.ports.world import Chance, Clock, Log
from carillon.services.attempt import Attempt, not_sent
from carillon.services.begin_workflow import Begun
from carillon.services.cancel_watch import CancelWatch
from carillon.services.ended import Ended
from carillon.services.follow_work import FollowWork
from carillon.services.host_gate import Held, HostGate, Pass
from carillon.services.turn import TakeTurn
from carillon.services.wind_up import WindUp
from carillon.services.workflow import Steps

EARLY: Final = timedelta(seconds=2)
"""A message that comes earlier than this is sent again with the remaining delay; a smaller rest is waited out."""


class Ending(StrEnum):
    """What became of a message; every one of these is acknowledged."""

    EARLY = "early"
    EXPIRED = "expired"
    NOT_NEEDED = "not_needed"
    WAITS = "waits"
    SKIPPED = "skipped"
    REFUSED = "refused"
    EXECUTED = "executed"


@dataclass(frozen=True, slots=True)
class Executed:
    """The ending of a message, with the run as it stands when there is one."""

    ending: Ending
    run: Run | None = None


class Execute:
    """The worker's one verb."""

    def __init__(
        self,
        messages: MessageOpener,
        runs: RunStore,
        attempt: Attempt,
        turn: TakeTurn,
        ended: Ended,
        queue: DispatchQueue,
        clock: Clock,
        chance: Chance,
        log: Log,
        steps: Steps | None = None,
        work: FollowWork | None = None,
        gate: HostGate | None = None,
        spans: Spans | None = None,
    ) -> None:
        self._messages = messages
        self._runs = runs
        self._attempt = attempt
        self._turn = turn
        self._ended = ended
        self._wind_up = WindUp(runs, ended, clock, chance)
        self._queue = queue
        self._clock = clock
        self._chance = chance
        self._log = log
        self._steps = steps
        self._work = work
        self._gate = gate
        self._spans = spans

    def execute(self, body: str, hard_deadline: datetime) -> Executed:
        """Carries out one message; SealError, MalformedMessage for what is none, retryable errors to be told again."""
        message = self._messages.open(body)
        if message is None:
            # The sweep sends the run's wake-up again, freshly signed, if the run still waits for one.
            self._log("message_expired", "A message outlived its signer's certificate and was dropped.")
            return Executed(Ending.EXPIRED)
        if message.not_before - self._clock.now() > EARLY:
            return self._too_early(message)
        self._clock.sleep((message.not_before - self._clock.now()).total_seconds())
        run = self._runs.get(message.run_id)
        try:
            if self._work is not None and run is not None and _is_word_of_work(message, run):
                return Executed(Ending.EXECUTED, self._work.look(run))
            if run is None or not _is_for(message, run, self._clock.now()):
                return self._not_needed(run)
            return self._start_and_finish(run, message.min_revision, hard_deadline)
        except LostRace:
            return self._not_needed(self._runs.get(message.run_id))

    def _not_needed(self, run: Run | None) -> Executed:
        # Whoever ended the run may have died before the consequences, or before this worker took a slot for it.
        if run is not None and (run.state.is_terminal or is_moved_by_steps(run)):
            self._ended(run)
        return Executed(Ending.NOT_NEEDED, run)

    def _too_early(self, message: Dispatch) -> Executed:
        # The row's time counts: a message that claims a later one would otherwise go round for ever.
        run = self._runs.get(message.run_id)
        if run is None or not _is_awaited(message, run) or run.not_before < message.not_before:
            return Executed(Ending.NOT_NEEDED, run)
        self._queue.send([Dispatch.for_next_attempt(run)], self._clock.now())
        return Executed(Ending.EARLY)

    def _start_and_finish(self, run: Run, min_revision: int, hard_deadline: datetime) -> Executed:
        head = self._attempt.head(run)
        if head is not None and (run.revision or head.revision) < min_revision:
            return self._put_back(run, run.revision or head.revision, min_revision)
        turn = self._turn(run, head)
        if not turn.go:
            return Executed(Ending.SKIPPED if turn.run.state.is_terminal else Ending.WAITS, turn.run)
        if is_past_deadline(run, self._clock.now()):
            return self._not_needed(self._runs.transition(run, self._given_up(run)))
        begun = self._steps.begin(run, turn.run, head) if self._steps is not None else Begun(False, turn.run)
        if begun.is_done:
            self._ended(begun.run)
            return Executed(Ending.EXECUTED, begun.run)
        leave = self._leave(begun.run, head, hard_deadline)
        if isinstance(leave, Held):
            return Executed(Ending.WAITS, self._hold(run, begun.run, leave))
        started = self._runs.transition(run, self._started(begun.run, head, hard_deadline))
        finished = self._call_and_finish(started, hard_deadline, leave)
        if self._spans is not None:
            self._spans.tell(attempt_span(finished, started.attempt))
        return Executed(Ending.EXECUTED, finished)

    def _leave(self, run: Run, head: Schedule | None, hard_deadline: datetime) -> Pass | Held | None:
        """Leave to call the run's host, None where nobody asks; an attempt is not held for ever."""
        host = None if self._gate is None else self._attempt.host(run, head)
        if self._gate is None or host is None:
            return None
        leave, latest = self._gate.ask(host, hard_deadline), held_at_most_until(run, head)
        if isinstance(leave, Held) and self._clock.now() < latest:
            return replace(leave, again_at=min(leave.again_at, latest))
        return Pass(host, "") if isinstance(leave, Held) else leave

    def _hold(self, before: Run, run: Run, leave: Held) -> Run:
        held = self._runs.transition(before, hold(run, self._clock.now(), leave.again_at, leave.reason))
        self._log("attempt_held", leave.reason, **about(run), attempt=run.attempt + 1)
        if is_sent_at_once(held):
            self._queue.send([Dispatch.for_next_attempt(held)], self._clock.now())
        return held

    def _put_back(self, run: Run, revision: int, min_revision: int) -> Executed:
        why = f"the table names revision {revision}, but {min_revision} was saved before this message"
        self._log("revision_rolled_back", why, **about(run))
        after = undeliverable(run, self._clock.now(), why, self._chance.token())
        return Executed(Ending.REFUSED, self._wind_up(self._runs.transition(run, after)))

    def _given_up(self, run: Run) -> Run:
        message = f"attempt {run.attempt + 1} would begin after the deadline of all attempts"
        return past_deadline(run, self._clock.now(), message, claim_id=self._chance.token())

    def _started(self, run: Run, head: Schedule | None, hard_deadline: datetime) -> Run:
        return start(
            run,
            self._clock.now(),
            claim_id=self._chance.token(),
            lease_until=hard_deadline + LEASE_MARGIN,
            revision=head.revision if head else 0,
        )

    def _call_and_finish(self, run: Run, hard_deadline: datetime, leave: Pass | None = None) -> Run:
        try:
            job = self._attempt.job(run)
        except CarillonError as error:
            outcome = retryable if error.retryable else permanent
            word = "bad_input" if isinstance(error, InvalidPath) else "job_unreadable"
            unread = outcome(word, f"the job could not be read: {error}")
            return self._finish(run, unread, Retry())
        watch = CancelWatch(self._runs, self._clock, run)
        if job.wait is None or job.wait.for_completion:
            result = self._told(leave, self._attempt.call(run, job, hard_deadline, cancelled=watch))
            if job.wait is not None and result.remote_id is not None and self._work is not None:
                return self._work.begin(run, job, job.wait, result)
            return self._finish(run, result, job.retry, stopped_for=watch.reason)
        token = self._chance.token()
        try:
            marks = self._attempt.marks(run, job, token)
        except CarillonError as error:
            return self._finish(run, not_sent(error), job.retry, stopped_for=watch.reason)
        armed = self._runs.transition(run, arm(run, token_hash(run.run_id, token), marks))
        result = self._told(leave, self._attempt.call(armed, job, hard_deadline, token, cancelled=watch))
        if result.succeeded and watch.reason is None:
            return self._await_callback(armed, result, job, job.wait)
        return self._finish(armed, result, job.retry, stopped_for=watch.reason)

    def _told(self, leave: Pass | None, outcome: Outcome) -> Outcome:
        if self._gate is not None and leave is not None:
            self._gate.tell(leave, outcome)
        return outcome

    def _await_callback(self, run: Run, outcome: Outcome, job: Job, job_wait: Wait) -> Run:
        after = wait(run, self._clock.now(), job_wait, job.retry, outcome.message)
        written = self._runs.transition(run, after)
        self._log(
            "callback_awaited",
            outcome.message[:MAX_MESSAGE],
            **about(run),
            status=written.state,
            attempt=run.attempt,
            span_id=run.span_id(run.attempt),
            duration_ms=written.events[-1].duration_ms,
        )
        return self._wind_up(written)

    def _finish(self, run: Run, outcome: Outcome, policy: Retry, *, stopped_for: str | None = None) -> Run:
        now, size = self._clock.now(), None
        if stopped_for:
            after = stopped(run, outcome, now, stopped_for)
        else:
            if self._steps is not None:
                outcome, size = self._steps.keep_output(run, outcome)
            decision = follow_up(policy, run, outcome, now, self._chance.share())
            after = replace(finish(run, outcome, decision, now), output_bytes=size)
        written = self._runs.transition(run, after)
        self._log(
            "attempt_finished",
            outcome.message[:MAX_MESSAGE],
            **about(run),
            status=written.state,
            attempt=run.attempt,
            span_id=run.span_id(run.attempt),
            duration_ms=written.events[-1].duration_ms,
        )
        written = self._wind_up(written)
        if written.state is RunState.RETRYING and is_sent_at_once(written):
            self._queue.send([Dispatch.for_next_attempt(written)], now)
        return written


def _is_for(message: Dispatch, run: Run, now: datetime) -> bool:
    """Whether this message is the one the row waits for: its attempt comes next and its time has come."""
    return _is_awaited(message, run) and run.not_before <= now


def _is_word_of_work(message: Dispatch, run: Run) -> bool:
    return is_followed(run) and message.attempt == run.attempt + 1


def _is_awaited(message: Dispatch, run: Run) -> bool:
    return run.state in WAITS_FOR_A_MESSAGE and message.attempt == run.attempt + 1
