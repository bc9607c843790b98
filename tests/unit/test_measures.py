"""What is measured of ended runs and of ticks, and how many bytes of log it takes."""

import json
from dataclasses import replace

import pytest
from moto import mock_aws

from carillon.adapters.aws import CALLS, Calls, client
from carillon.adapters.emf import EmfMetrics
from carillon.domain.lifecycle import skip
from carillon.domain.measures import COUNTED, UNITS, measures_of_each, run_measures
from carillon.domain.outcome import Outcome, OutcomeKind
from carillon.domain.overlap import SKIPPED
from carillon.domain.run_change import RunChange
from carillon.services.follow_batch import FollowBatch
from carillon.services.spread import SpreadTick, tick_measures
from carillon.services.sweep import SweepReport
from carillon.services.tick import TickReport
from tests.fakes.clock import FakeClock
from tests.fakes.recorders import RecordedMetrics
from tests.fakes.world import World


def ended(number=1, answer=OutcomeKind.SUCCESS, schedule_id="etl"):
    """Changes of runs that a worker ended, each a second late and three seconds long."""
    changes = []
    for nth in range(number):
        world = World()
        world.add(schedule_id)
        world.tick.run([0])
        world.clock.advance(1)

        def slow(call, clock=world.clock):
            clock.advance(3)
            return Outcome(answer, "so it is")

        world.target.answers = [slow]
        before = next(iter(world.database.runs.values()))
        run = world.work().run
        changes.append(RunChange(f"{schedule_id}-{nth}", str(nth), before, run))
    return changes


def lines_of(tell):
    lines = []
    tell(EmfMetrics("Carillon", "prod", FakeClock(), lines.append))
    return lines


def test_ended_runs_are_measured_by_outcome_lateness_and_duration():
    changes = [*ended(2), *ended(1, OutcomeKind.PERMANENT)]

    assert run_measures(changes) == {
        "Succeeded": 2,
        "Failed": 1,
        "StartLateness": [1000, 1000, 1000],
        "RunDuration": [3000, 3000, 3000],
    }


def test_a_change_that_ends_nothing_is_not_measured():
    (change,) = ended()
    again = replace(change, before=change.after)

    assert run_measures([again]) == {}


@pytest.mark.parametrize(
    ("reason", "metric"),
    [
        ("misfired", "SkippedMisfired"),
        ("excluded", "SkippedExcluded"),
        ("paused", "SkippedOther"),
        ("overlap", "SkippedOverlap"),
    ],
)
def test_a_skipped_fire_time_is_measured_by_its_reason(reason, metric):
    world = World()
    world.add()
    world.tick.run([0])
    before = next(iter(world.database.runs.values()))
    after = skip(before, world.clock.now(), SKIPPED if reason == "overlap" else reason, "not now", "claim")

    assert run_measures([RunChange("1", "1", before, after)]) == {metric: 1}


def test_only_chosen_schedules_are_measured_by_themselves():
    changes = [*ended(1, schedule_id="etl"), *ended(2, schedule_id="other")]

    assert {name: values["Succeeded"] for name, values in measures_of_each(changes, {"other"}).items()} == {
        "other": 2
    }


def test_a_batch_is_measured_after_it_is_counted_and_not_when_counting_fails():
    metrics, changes = RecordedMetrics(), ended()

    class Nothing:
        def after(self, changes):
            assert metrics.together == []

    FollowBatch(lambda changes: None, Nothing(), lambda changes: None, metrics, {"etl"})(changes)

    (whole, own) = metrics.together
    assert (whole[0], own[0]) == (None, "etl")
    assert whole[1] == own[1]


def test_a_tick_is_measured_with_how_late_it_found_what_was_due():
    world, told = World(), []
    world.add(after=-90)
    spread = SpreadTick(world.tick, world.liveness, None, 1, 16, lambda: 0, told.append)

    spread.run()

    assert told[0]["TickLag"] == 90
    assert told[0]["Due"] == 1
    assert told[0]["Claimed"] >= 1


def test_what_is_claimed_ahead_has_no_lag():
    world = World()
    world.add(after=60)

    assert world.tick.run([0]).lag_seconds == 0


def test_the_lag_of_ranges_is_the_longest_not_the_sum():
    assert (TickReport(lag_seconds=90) + TickReport(lag_seconds=30)).lag_seconds == 90


def test_every_metric_has_a_unit_and_is_emitted():
    emitted = {"OldestWakeAge", "SecondFactorLocked", "DeadLetters", "KmsCalls", "Throttles"}
    emitted |= {"AlertsUnsent", "AlertsLost"}
    full = TickReport(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, SweepReport(*[1] * 10))
    emitted |= set(tick_measures(full))
    emitted |= set(run_measures(ended()))

    assert emitted | set(COUNTED.values()) == set(UNITS)


def test_a_hundred_runs_take_one_line_of_at_most_thirty_bytes_a_run():
    changes = ended(1) * 100

    (line,) = lines_of(lambda metrics: metrics.put_all(run_measures(changes)))

    assert json.loads(line)["Succeeded"] == 100
    assert len(line) / 100 < 30


def test_a_tick_takes_at_most_four_hundred_bytes():
    (line,) = lines_of(lambda metrics: metrics.put_all(tick_measures(TickReport(due=10_000, runs=10_000))))

    assert len(line) < 400


def test_more_values_than_a_line_may_hold_go_into_further_lines():
    lines = lines_of(lambda metrics: metrics.put_all({"StartLateness": list(range(250)), "Succeeded": 250}))

    records = [json.loads(line) for line in lines]
    assert [len(record["StartLateness"]) for record in records] == [100, 100, 50]
    assert ["Succeeded" in record for record in records] == [True, False, False]


def test_nothing_to_tell_is_no_line():
    assert lines_of(lambda metrics: metrics.put_all({})) == []


def test_the_metrics_of_one_schedule_have_it_as_a_dimension():
    (line,) = lines_of(lambda metrics: metrics.put_all({"Succeeded": 1}, schedule_id="etl"))

    record = json.loads(line)
    assert record["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["environment", "schedule_id"]]
    assert record["schedule_id"] == "etl"


def test_what_the_process_met_is_told_once_with_the_next_metrics():
    calls, lines = Calls(), []
    calls.count(event_name="needs-retry.kms.Sign", response=(None, {}))
    throttled = {"Error": {"Code": "ThrottlingException"}}
    calls.count(event_name="needs-retry.dynamodb.PutItem", response=(None, throttled))
    calls.count(event_name="needs-retry.dynamodb.PutItem", response=None)
    metrics = EmfMetrics("Carillon", "prod", FakeClock(), lines.append, calls.take)

    metrics.put_all({"Succeeded": 1}, schedule_id="etl")
    metrics.put_all({})
    metrics.put_all({})

    assert len(lines) == 2
    assert {"KmsCalls": 1, "Throttles": 1}.items() <= json.loads(lines[1]).items()


def test_a_real_client_counts_its_calls_to_kms(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        kms = client("kms")
        CALLS.take()
        kms.list_keys()

    assert CALLS.take() == {"KmsCalls": 1}
