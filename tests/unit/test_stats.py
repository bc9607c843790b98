"""Counting the ends of runs by hour: every end once, whatever the stream repeats."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from carillon.domain.errors import Throttled
from carillon.domain.run import Origin, RunEvent, RunState
from carillon.domain.run_change import RunChange
from carillon.domain.run_id import RunId
from carillon.domain.stats import KEPT_MARKS, Counts, HourKey, counts_of, overview_lane
from carillon.services.count_runs import CountRuns
from tests.contract.builders import ended, run
from tests.fakes.clock import FakeChance, FakeClock
from tests.fakes.database import MemoryDatabase
from tests.fakes.stats import MemoryStats

HOUR = datetime(2026, 11, 22, 2, tzinfo=UTC)


class Counting:
    """The counter over a table in memory."""

    def __init__(self):
        self.database = MemoryDatabase()
        self.stats = MemoryStats(self.database)
        self.count = CountRuns(self.stats, FakeClock(), FakeChance(), map)

    def of(self, owner="nightly-etl", hour=HOUR):
        return self.database.stats[HourKey(owner, hour)]


@pytest.fixture
def counting():
    return Counting()


def change(after, before=None):
    return RunChange("id", "1", before or replace(after, state=RunState.RUNNING, ended_at=None), after)


def done(number, state=RunState.SUCCEEDED, schedule_id="nightly-etl", **fields):
    fire_at = HOUR + timedelta(seconds=number)
    fields = {"attempt": 1, "started_at": fire_at + timedelta(milliseconds=250), **fields}
    at = fields.pop("ended_at", fire_at + timedelta(seconds=1))
    return replace(ended(schedule_id, fire_at, state), ended_at=at, **fields)


@pytest.mark.parametrize(
    ("state", "name"),
    [
        (RunState.SUCCEEDED, "succeeded"),
        (RunState.FAILED, "failed"),
        (RunState.TIMED_OUT, "timed_out"),
        (RunState.UNKNOWN, "unknown"),
        (RunState.CANCELLED, "cancelled"),
        (RunState.COMPENSATED, "compensated"),
        (RunState.COMPENSATION_FAILED, "compensation_failed"),
    ],
)
def test_a_run_that_started_is_fired_and_counted_by_its_end(state, name):
    assert counts_of(done(0, state)) == Counts(
        fired=1, timed=1, lateness_ms=250, duration_ms=750, **{name: 1}
    )


@pytest.mark.parametrize(
    ("reason", "name"),
    [
        ("misfired", "misfired"),
        ("overlap_skipped", "overlap_skipped"),
        ("queue_full", "overlap_skipped"),
        ("excluded", "excluded"),
        ("paused", "skipped"),
        (None, "skipped"),
    ],
)
def test_a_fire_time_that_did_not_run_is_counted_by_its_reason(reason, name):
    assert counts_of(ended(state=RunState.SKIPPED, reason=reason)) == Counts(**{name: 1})


def test_a_summary_row_counts_all_the_fire_times_it_stands_for():
    row = ended(state=RunState.SKIPPED, reason="misfired", skipped_count=4230)
    assert counts_of(row) == Counts(missed=4230)


def test_attempts_beyond_the_first_are_retries_and_lateness_is_that_of_the_first():
    first = RunEvent(HOUR + timedelta(milliseconds=40), RunState.RUNNING, "attempt 1 starts", 1)
    counts = counts_of(done(0, attempt=3, events=(first,)))
    assert (counts.retried, counts.lateness_ms) == (2, 40)


def test_only_runs_of_fire_times_are_timed():
    counts = counts_of(done(0, origin=Origin.BACKFILL))
    assert (counts.fired, counts.timed, counts.lateness_ms) == (1, 0, 0)


def test_a_second_end_after_an_operators_doing_is_not_fired_again():
    story = (
        RunEvent(HOUR, RunState.UNKNOWN, "lost", 1),
        RunEvent(HOUR, RunState.COMPENSATING, "undo", 1),
        RunEvent(HOUR, RunState.COMPENSATED, "undone", 1),
    )
    assert counts_of(done(0, RunState.COMPENSATED, events=story)) == Counts(compensated=1)


def test_a_batch_is_one_write_for_each_schedule_and_one_for_the_overview(counting):
    batch = [change(done(number)) for number in range(60)]

    assert counting.count(batch) == 2

    assert counting.of().counts.succeeded == 60
    assert counting.of(overview_lane("nightly-etl")).counts.succeeded == 60
    assert counting.of().last_run.run_id == "nightly-etl@20261122T020059Z"


def test_a_batch_told_again_writes_nothing(counting):
    batch = [change(done(number)) for number in range(60)]
    counting.count(batch)

    assert counting.count(batch) == 0
    assert counting.of().counts.fired == 60


def test_steps_and_compensations_are_part_of_their_run_and_not_counted(counting):
    step = done(0, origin=Origin.STEP, run_id=RunId("nightly-etl", "20261122T020000Z.extract"))
    assert counting.count([change(step)]) == 0


def test_an_end_is_counted_in_the_hour_it_was_written(counting):
    counting.count([change(done(0, ended_at=HOUR + timedelta(hours=3, minutes=5)))])
    assert counting.of(hour=HOUR + timedelta(hours=3)).counts.fired == 1


@pytest.mark.parametrize("seed", range(20))
def test_however_a_batch_is_cut_and_repeated_every_end_counts_once(counting, seed):
    chance = random.Random(seed)
    ends = [
        change(done(number, chance.choice([RunState.SUCCEEDED, RunState.FAILED]))) for number in range(700)
    ]
    position = 0
    while position < len(ends):
        batch = ends[position : position + chance.randint(1, 100)]
        for _ in range(chance.randint(0, 3)):
            counting.count(batch[: chance.randint(1, len(batch))])
        counting.count(batch)
        position += len(batch)

    assert counting.of().counts.fired == 700
    assert len(counting.of().marks) == KEPT_MARKS


def test_two_readers_who_meet_at_a_row_both_count(counting):
    mine, theirs = change(done(1)), change(done(2))
    original, met = counting.stats.save, []

    def save_after_another(row):
        if not met:
            met.append(row)
            CountRuns(MemoryStats(counting.database), FakeClock(), FakeChance(), map)([theirs])
        return original(row)

    counting.stats.save = save_after_another
    counting.count([mine])

    assert counting.of().counts.fired == 2


def test_a_call_whose_answer_was_lost_finds_its_own_write(counting):
    original, lost = counting.stats.save, []

    def lose_the_first_answer(row):
        saved = original(row)
        if not lost:
            lost.append(row)
            return original(row)
        return saved

    counting.stats.save = lose_the_first_answer
    counting.count([change(done(1))])

    assert counting.of().counts.fired == 1


def test_whoever_lost_a_row_waits_before_trying_again_and_at_no_other_time():
    clock, stats = FakeClock(), MemoryStats(MemoryDatabase())
    original, refused = stats.save, []

    def refuse_the_first(row):
        if not refused:
            refused.append(row)
            return False
        return original(row)

    stats.save = refuse_the_first
    CountRuns(stats, clock, FakeChance(), map)([change(done(1))])

    assert len(clock.slept) == 1


def test_rows_that_others_keep_winning_are_told_again_later(counting):
    counting.stats.save = lambda row: False
    with pytest.raises(Throttled):
        counting.count([change(done(1))])


def test_a_queued_run_is_no_end(counting):
    queued = run()
    assert counting.count([RunChange("id", "1", None, queued)]) == 0
