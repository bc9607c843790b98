"""A run that waits for its target's callback: how it begins, what ends it, and which callbacks count.

A fast target may answer before WAITING is written. So a callback is taken from RUNNING on, and moves the row at
once under a fresh claim_id: the worker's own finish then finds that it has nothing left to say.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from carillon.domain.callback import Callback, CallbackVerb
from carillon.domain.job import Retry, Wait
from carillon.domain.lifecycle import advance, finish
from carillon.domain.outcome import Outcome, OutcomeKind
from carillon.domain.remote import too_long
from carillon.domain.retry import follow_up, wait_ends_at
from carillon.domain.run import EventKind, Run, RunState
from carillon.domain.secret_marks import Mark, MarkMask


class Ruling(StrEnum):
    """What becomes of a callback."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"
    STRANGER = "stranger"
    ANSWERED = "answered"
    ENDED = "ended"
    NOT_WAITING = "not_waiting"


FAILED: Final = "callback_failed"
"""The reason of a failure that has none of its own, or one that tells a secret."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a callback says of the attempt; `reason` is the target's own word for a failure."""

    verb: CallbackVerb
    message: str
    reason: str = FAILED
    is_retryable: bool = True

    @property
    def outcome(self) -> Outcome:
        """The same as an attempt's outcome."""
        if self.verb is CallbackVerb.COMPLETE:
            return Outcome(OutcomeKind.SUCCESS, self.message)
        kind = OutcomeKind.RETRYABLE if self.is_retryable else OutcomeKind.PERMANENT
        return Outcome(kind, self.message, error=self.reason)


def arm(run: Run, token_hash: str, marks: tuple[Mark, ...] = ()) -> Run:
    """The row once the present attempt has a token; written before the target can know it."""
    known = run.callback or Callback(token_hash="")  # nosec B106 # the hash of no token
    return replace(run, callback=known.followed_by(token_hash, marks))


def wait(run: Run, now: datetime, job_wait: Wait, policy: Retry, message: str) -> Run:
    """The target has taken the work on: the run waits for its callback, at most as long as all attempts may take."""
    due_at = wait_ends_at(run, now, job_wait, policy)
    if run.callback is None:
        raise ValueError(f"run {run.run_id} cannot wait: its target was given no token")
    callback = replace(run.callback, due_at=due_at, heartbeat_seconds=job_wait.heartbeat_seconds)
    return advance(
        run,
        EventKind.WAIT,
        now,
        f"{message} Waiting for its callback.",
        duration_ms=run.elapsed_ms(now),
        callback=callback,
        lease_until=None,
        wake_at=_next_look(callback, now, due_at),
    )


def _next_look(callback: Callback, now: datetime, due_at: datetime) -> datetime:
    if callback.heartbeat_seconds is None:
        return due_at
    return min(due_at, now + timedelta(seconds=callback.heartbeat_seconds))


def rule_on_token(run: Run, verb: CallbackVerb, token_hash: str, *, gives_up: bool = False) -> Ruling:
    """What becomes of a target's callback; `gives_up` marks a failure that no further attempt can mend."""
    known = run.callback
    if known is None:
        return Ruling.STRANGER
    is_present = known.is_present(token_hash)
    said = known.answer if is_present else known.past_answer(token_hash)
    if said is not None:
        return Ruling.REPEATED if said == verb else _spoken(run)
    return rule(run, gives_up=gives_up) if is_present else Ruling.STRANGER


def _spoken(run: Run) -> Ruling:
    return Ruling.ENDED if run.state.is_terminal else Ruling.ANSWERED


def rule(run: Run, *, gives_up: bool = False) -> Ruling:
    """What becomes of a callback by somebody who is entitled to it, judged by the run's state."""
    if run.state.is_terminal:
        return Ruling.ENDED
    if run.state is RunState.WAITING or (run.state is RunState.RUNNING and run.callback is not None):
        return Ruling.ACCEPTED
    # An attempt given up as lost may still say that another one is useless; that it was done comes too late.
    if run.state is RunState.RETRYING and gives_up:
        return Ruling.ACCEPTED
    return Ruling.NOT_WAITING


def told(run: Run, token: str, answer: Answer, output: Any) -> tuple[Answer, Any]:
    """What a target says with its token, without the secrets that it was given."""
    mask = MarkMask(run.callback.marks if run.callback else (), token)
    if mask.hides_nothing:
        return answer, output
    is_word = mask.text(answer.reason) == answer.reason
    reason = answer.reason if is_word else FAILED
    return replace(answer, message=mask.text(answer.message), reason=reason), mask.value(output)


def beat(run: Run, now: datetime) -> Run:
    """The target lives: the next look is put off, never past the end of the wait."""
    callback = run.callback
    if run.state is not RunState.WAITING or callback is None or callback.due_at is None:
        return run
    return replace(run, wake_at=_next_look(callback, now, callback.due_at))


def settle(run: Run, answer: Answer, policy: Retry, now: datetime, share: float, claim_id: str) -> Run:
    """The row after a callback that was accepted; the fresh claim_id shuts out the attempt's own late finish."""
    callback = run.callback.answered(answer.verb) if run.callback else None
    owned = replace(run, callback=callback, claim_id=claim_id)
    if run.state is RunState.RETRYING:
        return advance(owned, EventKind.FAIL, now, answer.message, reason=answer.reason)
    outcome = answer.outcome
    return finish(owned, outcome, follow_up(policy, run, outcome, now, share), now)


def overdue(run: Run, policy: Retry, now: datetime, share: float, claim_id: str) -> Run:
    """A run whose callback did not come: RETRYING while attempts remain, else TIMED_OUT."""
    silent = "no heartbeat came" if _is_silent(run, now) else "no callback came in time"
    outcome = Outcome(OutcomeKind.TIMED_OUT, f"Attempt {run.attempt}: {silent}.", error="callback_overdue")
    if run.remote is not None:
        outcome = too_long(run)
    decision = follow_up(policy, run, outcome, now, share)
    return finish(replace(run, claim_id=claim_id), outcome, decision, now)


def _is_silent(run: Run, now: datetime) -> bool:
    return run.callback is not None and run.callback.due_at is not None and now < run.callback.due_at
