"""Backoff: exponential with full jitter, or fixed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carillon.domain.job import Backoff, Retry
from carillon.domain.retry import ceiling_seconds, decide

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 2), (2, 4), (3, 8), (8, 256), (9, 300), (5000, 300)])
def test_the_ceiling_doubles_up_to_the_cap(attempt, seconds):
    assert ceiling_seconds(Retry(), attempt) == seconds


def test_a_fixed_backoff_does_not_grow_and_does_not_jitter():
    retry = Retry(max_attempts=5, backoff=Backoff.FIXED, base_seconds=7)
    assert [decide(retry, attempt, NOON, 0.1).not_before for attempt in (1, 4)] == [
        NOON + timedelta(seconds=7)
    ] * 2


@given(st.integers(1, 99), st.floats(0, 1, exclude_max=True))
def test_full_jitter_never_passes_the_ceiling(attempt, share):
    decision = decide(Retry(max_attempts=100), attempt, NOON, share)
    delay = (decision.not_before - NOON).total_seconds()
    assert 0 <= delay <= ceiling_seconds(Retry(), attempt)


def test_the_last_attempt_is_the_last():
    decision = decide(Retry(max_attempts=3), 3, NOON, 0.5)
    assert decision.not_before is None
    assert decision.reason == "attempt 3 of 3 was the last"


def test_a_targets_retry_after_is_a_floor_under_the_delay():
    decision = decide(Retry(), 1, NOON, 0.5, retry_after_seconds=60)
    assert decision.not_before == NOON + timedelta(seconds=60)
