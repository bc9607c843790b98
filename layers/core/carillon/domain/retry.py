"""Whether a failed attempt is tried again, and when: exponential backoff with full jitter, or a fixed delay.

A run's deadline counts from its first attempt's start: what waits in a queue before that is the grace's matter.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from carillon.domain.job import Backoff, Retry, Wait
from carillon.domain.outcome import Outcome
from carillon.domain.retry_words import may_try_again
from carillon.domain.run import Run


@dataclass(frozen=True, slots=True)
class RetryDecision:
    """The next attempt's earliest start, or None for none; the reason is told in the run's story.

    `is_overdue` says that the deadline of all attempts is what forbids another one; `deadline_at` is that moment.
    """

    not_before: datetime | None
    reason: str
    is_overdue: bool = False
    deadline_at: datetime | None = None


def ceiling_seconds(retry: Retry, attempt: int) -> float:
    """The longest delay after the given attempt (the first is 1)."""
    if retry.backoff is Backoff.FIXED:
        return min(retry.base_seconds, retry.cap_seconds)
    # Past 2**40 the cap has long decided; the bound keeps the float finite for any attempt number.
    return min(retry.cap_seconds, retry.base_seconds * 2.0 ** min(attempt - 1, 40))


def deadline_of(run: Run, retry: Retry) -> datetime | None:
    """When all attempts of a started run must be over, None when nothing bounds them."""
    if run.deadline_at is not None or retry.deadline_seconds is None or run.started_at is None:
        return run.deadline_at
    # Only the first attempt's start counts; whoever makes a retry writes the moment into the row.
    return run.started_at + timedelta(seconds=retry.deadline_seconds) if run.attempt <= 1 else None


def wait_ends_at(run: Run, now: datetime, wait: Wait, retry: Retry) -> datetime:
    """When a wait that begins now is over: at its own end or at that of all attempts, whichever is first."""
    own, last = now + timedelta(seconds=wait.timeout_seconds), deadline_of(run, retry)
    return own if last is None else min(own, last)


def follow_up(retry: Retry, run: Run, outcome: Outcome, now: datetime, share: float) -> RetryDecision:
    """What follows the run's present attempt, which ended with `outcome`."""
    if outcome.succeeded:
        return RetryDecision(None, "nothing to try again")
    if not may_try_again(retry, outcome):
        return RetryDecision(None, f"{outcome.error} is not tried again")
    decision = decide(retry, run.attempt, now, share, outcome.retry_after_seconds)
    deadline_at = deadline_of(run, retry)
    if deadline_at is None or decision.not_before is None:
        return decision
    if decision.not_before >= deadline_at:
        return RetryDecision(None, "the deadline of all attempts comes first", is_overdue=True)
    return replace(decision, deadline_at=deadline_at)


def decide(
    retry: Retry, attempt: int, now: datetime, share: float, retry_after_seconds: float | None = None
) -> RetryDecision:
    """What follows a failure of `attempt` that is worth another one, as far as count and delay go.

    `share` in [0, 1) is the random part of full jitter; a fixed backoff does not use it. A target's Retry-After
    is a floor under the delay.
    """
    if attempt >= retry.max_attempts:
        return RetryDecision(None, f"attempt {attempt} of {retry.max_attempts} was the last")
    delay = ceiling_seconds(retry, attempt)
    if retry.backoff is Backoff.EXPONENTIAL:
        delay *= share
    delay = max(delay, retry_after_seconds or 0.0)
    return RetryDecision(now + timedelta(seconds=delay), f"attempt {attempt + 1} follows in {delay:.1f} s")
