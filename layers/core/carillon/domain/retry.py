"""Whether a failed attempt is tried again, and when: exponential backoff with full jitter, or a fixed delay."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from carillon.domain.job import Backoff, Retry


@dataclass(frozen=True, slots=True)
class RetryDecision:
    """The next attempt's earliest start, or None for none; the reason is told in the run's story."""

    not_before: datetime | None
    reason: str


def ceiling_seconds(retry: Retry, attempt: int) -> float:
    """The longest delay after the given attempt (the first is 1)."""
    if retry.backoff is Backoff.FIXED:
        return min(retry.base_seconds, retry.cap_seconds)
    # Past 2**40 the cap has long decided; the bound keeps the float finite for any attempt number.
    return min(retry.cap_seconds, retry.base_seconds * 2.0 ** min(attempt - 1, 40))


def decide(
    retry: Retry, attempt: int, now: datetime, share: float, retry_after_seconds: float | None = None
) -> RetryDecision:
    """What follows a retryable failure of `attempt`.

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
