"""A callback: the target of a waiting run says that it is done, has failed, or lives.

Every step may be repeated: the output is kept first, the row is moved on condition, and an answer that was given
before is found in the row.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from carillon.domain.access import Principal
from carillon.domain.audit import AuditEntry
from carillon.domain.callback import CallbackVerb, token_hash
from carillon.domain.dispatch import Dispatch
from carillon.domain.errors import (
    CallbackAnswered,
    CallbackTokenRefused,
    LostRace,
    RunEnded,
    RunNotFound,
    RunNotWaiting,
    Unavailable,
)
from carillon.domain.lifecycle import is_sent_at_once
from carillon.domain.log_fields import about
from carillon.domain.run import Run, RunState
from carillon.domain.run_id import RunId
from carillon.domain.waiting import Answer, Ruling, beat, rule, rule_on_token, settle, told
from carillon.domain.workflow.output import size_of
from carillon.ports.dispatch import DispatchQueue
from carillon.ports.runs import OutputStore, RunStore
from carillon.ports.schedules import ScheduleStore
from carillon.ports.world import Chance, Clock, Log
from carillon.services.authorise import Permission, authorise_schedule
from carillon.services.ended import Ended
from carillon.services.journal import Journal
from carillon.services.retry_policy import retry_policy
from carillon.services.wind_up import WindUp

MAX_TRIES: Final = 8
Move = Callable[[Run], Run]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who answers: the target with its token, or a principal who may speak for it."""

    token: str | None = None
    principal: Principal | None = None


class AnswerCallback:
    """The three things a target can say."""

    def __init__(
        self,
        schedules: ScheduleStore,
        runs: RunStore,
        outputs: OutputStore,
        queue: DispatchQueue,
        ended: Ended,
        journal: Journal,
        clock: Clock,
        chance: Chance,
        log: Log,
    ) -> None:
        self._schedules = schedules
        self._runs = runs
        self._outputs = outputs
        self._queue = queue
        self._wind_up = WindUp(runs, ended, clock, chance)
        self._journal = journal
        self._clock = clock
        self._chance = chance
        self._log = log

    def __call__(self, caller: Caller, run_id: str, answer: Answer, output: Any = None) -> Run:
        """The run after the answer, the same answer again changing nothing.

        CallbackTokenRefused, Forbidden, RunNotFound, RunEnded, RunNotWaiting, CallbackAnswered.
        """

        def move(run: Run) -> Run:
            said, kept = (answer, output) if caller.token is None else told(run, caller.token, answer, output)
            if kept is not None:
                self._outputs.keep(run, kept, self._clock.now())
            policy = retry_policy(self._schedules, run)
            after = settle(run, said, policy, self._clock.now(), self._chance.share(), self._chance.token())
            return after if kept is None else replace(after, output_bytes=size_of(kept))

        gives_up = answer.verb is CallbackVerb.FAIL and not answer.is_retryable
        run, is_new = self._move(caller, run_id, answer.verb, move, gives_up=gives_up)
        return self._follow(run) if is_new else run

    def heartbeat(self, caller: Caller, run_id: str) -> Run:
        """The run, its next look put off; the same errors."""
        run, _ = self._move(
            caller, run_id, CallbackVerb.HEARTBEAT, lambda run: beat(run, self._clock.now()), gives_up=False
        )
        return run

    def _move(
        self, caller: Caller, run_id: str, verb: CallbackVerb, move: Move, *, gives_up: bool
    ) -> tuple[Run, bool]:
        parsed = RunId.parse(run_id)
        for _ in range(MAX_TRIES):
            run, ruling = self._ruled(caller, parsed, verb, gives_up=gives_up)
            if ruling is Ruling.REPEATED:
                return run, False
            if ruling is not Ruling.ACCEPTED:
                raise _refusal(run, ruling)
            after = move(run)
            if after is run:
                return run, False
            try:
                return self._runs.transition(run, after, audit=self._audit(caller, run, verb)), True
            except LostRace:
                continue
        raise Unavailable(f"The run {parsed} moves faster than it can be answered; try again.")

    def _ruled(
        self, caller: Caller, run_id: RunId, verb: CallbackVerb, *, gives_up: bool
    ) -> tuple[Run, Ruling]:
        if caller.principal is not None:
            authorise_schedule(
                caller.principal, Permission.COMPLETE_RUNS, self._schedules, run_id.schedule_id
            )
        run = self._runs.get(run_id)
        if caller.principal is not None:
            if run is None:
                raise RunNotFound(f"There is no run {run_id}.")
            return run, rule(run, gives_up=gives_up)
        # Without a row, and with another run's token, the answer is the same: ids can be guessed.
        if run is None or caller.token is None:
            raise CallbackTokenRefused
        return run, rule_on_token(run, verb, token_hash(run_id, caller.token), gives_up=gives_up)

    def _audit(self, caller: Caller, run: Run, verb: CallbackVerb) -> AuditEntry | None:
        if caller.principal is None or verb is CallbackVerb.HEARTBEAT:
            return None
        before = {"state": str(run.state)}
        return self._journal.entry(
            caller.principal, f"run.{verb}", f"run:{run.run_id}", self._clock.now(), before=before
        )

    def _follow(self, run: Run) -> Run:
        self._log(
            "callback_answered",
            run.events[-1].message,
            **about(run),
            status=run.state,
            attempt=run.attempt,
        )
        try:
            run = self._wind_up(run)
        except LostRace:
            return run  # Written and then moved on by somebody else: what follows is theirs.
        if run.state is RunState.RETRYING and is_sent_at_once(run):
            self._queue.send([Dispatch.for_next_attempt(run)], self._clock.now())
        return run


def _refusal(run: Run, ruling: Ruling) -> Exception:
    if ruling is Ruling.STRANGER:
        return CallbackTokenRefused()
    if ruling is Ruling.ENDED:
        return RunEnded(f"The run is {run.state} since its end; a callback changes nothing any more.")
    if ruling is Ruling.ANSWERED:
        return CallbackAnswered()
    return RunNotWaiting(f"The run is {run.state} and waits for no callback.")
