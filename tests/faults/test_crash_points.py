"""A process may die around any call of AWS: the next ticks finish the job."""

import os

import pytest

from carillon.domain.run import RunState
from tests.faults.crash_points import campaign
from tests.faults.crash_points.scenarios import SCENARIOS

PAIRS = int(os.environ.get("CRASH_POINT_PAIRS", "20"))
EVERY_POINT = "CRASH_POINTS_ALL" in os.environ
each_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)


@pytest.fixture(scope="module")
def laboratory():
    with campaign.laboratory() as made:
        yield made


@each_scenario
def test_a_life_without_a_fault_goes_as_told(laboratory, scenario):
    cloud = laboratory.live(scenario)
    assert cloud.witness.complaints == []
    ended = {run_id: run.state for run_id, run in cloud.witness.runs.items()}
    assert ended.items() >= scenario.calm_states().items()


@pytest.mark.slow
@each_scenario
def test_a_process_may_die_before_and_after_every_call(laboratory, scenario):
    calls = laboratory.calls_of(scenario)
    tally = laboratory.try_all(scenario, campaign.deaths(calls, EVERY_POINT))
    assert tally.points > sum(not call.is_read for call in calls)
    assert tally.failures == [], str(tally.failures[0])


@pytest.mark.slow
def test_two_faults_in_one_life_lose_nothing_either(laboratory):
    tally = laboratory.with_pairs(seed=20261122, count=PAIRS)
    assert tally.failures == [], str(tally.failures[0])


def test_every_function_takes_part_in_some_scenario(laboratory):
    functions = {call.function for scenario in SCENARIOS for call in laboratory.calls_of(scenario)}
    assert functions == {"tick", "worker", "follow", "deadletter", "api"}


def test_the_scenarios_reach_every_end_that_a_single_task_can_have(laboratory):
    lives = [laboratory.live(scenario) for scenario in SCENARIOS]
    ends = {run.state for cloud in lives for run in cloud.witness.runs.values()}
    assert ends >= {
        RunState.SUCCEEDED,
        RunState.FAILED,
        RunState.TIMED_OUT,
        RunState.SKIPPED,
        RunState.CANCELLED,
    }
