"""After three days without a tick the first tick does bounded work, and every fire time is accounted for."""

import pytest

from carillon.services.tick import MAX_ROUNDS
from tests.faults.outage.campaign import Campaign

SHARE = 100


@pytest.fixture(scope="module")
def outcome():
    return Campaign(SHARE).run()


def test_every_fire_time_is_accounted_for_as_its_policy_says(outcome):
    assert outcome.complaints == []
    assert set(outcome.outcomes) == {"fire", "catch_up", "misfired", "excluded"}
    assert sum(outcome.outcomes.values()) > 500_000


def test_the_first_tick_does_bounded_work(outcome):
    first = outcome.ticks[1]
    assert first.due > SHARE / 2
    assert first.rows <= first.due * 99 * MAX_ROUNDS
    # What is missed is counted: evaluated is little more than what is written.
    assert first.walked <= first.rows + 10 * SHARE
    assert first.days <= 40 * SHARE
    assert first.transactions <= first.rows / 50


def test_one_tick_makes_every_schedule_live_again(outcome):
    _, first, *later = outcome.ticks
    assert first.rows > 5 * max(work.rows for work in later)


def test_catch_ups_are_spread_over_minutes(outcome):
    starts = outcome.starts_by_minute_in_order()
    assert len(starts) >= 4
    assert max(starts) <= 0.4 * sum(starts)


def test_calendars_are_read_once_a_tick(outcome):
    assert {work.calendar_reads for work in outcome.ticks} == {1}
