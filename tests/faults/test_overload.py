"""Overload: ten thousand schedules due in the same second, and AWS that throttles, conflicts and takes only parts."""

from collections import Counter
from datetime import timedelta

import pytest

from carillon.adapters.pace import CAP_SECONDS
from tests.fakes.schedules import DUE_PAGE
from tests.faults.overload.aws import Odds
from tests.faults.overload.burst import Burst, Pool

MANY = 10_000
TROUBLE = Odds(throttle=0.01, conflict=0.002, batch=0.05, entry=0.05)


@pytest.fixture(scope="module")
def burst():
    """Lived through once; each test asks it something else."""
    burst = Burst(MANY, 16, TROUBLE)
    burst.took = burst.live()
    return burst


pytestmark = pytest.mark.slow


def test_no_run_is_lost_and_none_is_doubled(burst):
    assert burst.states() == {"SUCCEEDED": MANY}
    runs = burst.database.runs.values()
    assert {run.run_id.schedule_id for run in runs} == burst.database.heads.keys()
    assert {run.fire_at for run in runs} == {burst.fire_at}
    following = burst.fire_at + timedelta(days=1)
    assert {head.next_fire_at for head in burst.database.heads.values()} == {following}


def test_all_are_claimed_well_before_their_second_and_none_is_called_before_it(burst):
    assert burst.fire_at - burst.claimed_by > timedelta(seconds=60)
    assert burst.earliest >= burst.fire_at


def test_the_target_is_called_once_for_each_attempt_and_again_only_for_attempts_that_were_lost(burst):
    assert set(burst.calls.values()) == {1}
    assert 0 < len(burst.calls) - MANY <= burst.actions["attempt_lost"] < MANY / 50
    assert len(burst.calls) <= sum(run.attempt for run in burst.database.runs.values())


def test_every_refusal_came_and_nothing_was_dropped_for_it(burst):
    refused = burst.database.refused + burst.sqs.refused
    assert all(
        refused[kind]
        for kind in (
            "TransactionConflict",
            "commit throttled",
            "transition throttled",
            "wake_before throttled",
            "SendMessageBatch throttled",
            "SendMessageBatch entries failed",
        )
    ), refused
    assert burst.sqs.dead == []


def test_what_is_tried_again_waits_for_times_that_differ(burst):
    waits = [seconds for seconds in burst.clock.slept if seconds > 0]
    assert max(waits) <= CAP_SECONDS
    assert len(set(waits)) > 0.99 * len(waits)


def test_a_tick_holds_a_page_and_not_the_whole(burst):
    assert burst.schedules.pages > MANY / DUE_PAGE
    assert burst.schedules.held <= 2 * DUE_PAGE


def held_by_a_tick(pages):
    burst = Burst(pages * DUE_PAGE, shards=1)
    burst.spread.run()
    assert len(burst.database.runs) == pages * DUE_PAGE
    return burst.schedules.held


def test_ten_times_as_many_in_one_shard_take_no_more_memory():
    assert held_by_a_tick(2) == held_by_a_tick(20) == DUE_PAGE


def test_the_ranges_of_a_tick_share_the_work_evenly():
    burst, claimed = Burst(3200, shards=64), []
    burst.spread.run()
    for shards in (*burst.handed_out, None):
        claimed.append(len(burst.database.runs) - sum(claimed))
        if shards is not None:
            burst.spread.run([shards.start, shards.stop])
    assert sum(claimed) == 3200
    assert max(claimed) < 1.2 * min(claimed)


def test_a_backlog_that_is_worked_off_slowly_does_not_feed_itself():
    burst = Burst(1500, shards=4, pool=Pool(first=3, more=0))
    assert burst.live() > 400
    assert burst.states() == {"SUCCEEDED": 1500}
    assert set(Counter(run_id for run_id, _ in burst.calls).values()) == {1}
    # Sent first, then again after 1, 2 and 4 minutes at most.
    assert burst.sqs.sent < 4 * 1500
