"""AWS may throttle, fail, do half of what it was asked, or lose its answer: every life ends as it would have anyway."""

import os

import pytest

from tests.faults.crash_points import campaign
from tests.faults.crash_points.scenarios import SCENARIOS

EVERY_POINT = "CRASH_POINTS_ALL" in os.environ
OUTLASTING = [
    scenario
    for scenario in SCENARIOS
    if EVERY_POINT or scenario.name in ("fire", "overlap queue", "pause", "workflow")
]
"""A share of the scenarios where a fault ends by itself; `make faults` takes all."""
each_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)


@pytest.fixture(scope="module")
def laboratory():
    with campaign.laboratory() as made:
        yield made


@each_scenario
def test_what_the_sdk_tries_again_changes_nothing(laboratory, scenario):
    calm = ends_of(laboratory.live(scenario))
    for fault in campaign.everywhere():
        cloud = laboratory.live(scenario, fault)
        assert cloud.witness.complaints == [], cloud.lines
        assert ends_of(cloud) == calm, fault


def ends_of(cloud):
    """States and numbers of attempts, in order of the runs' keys; ids of runs by hand are random."""
    return sorted((run.fire_at, run.state, run.attempt) for run in cloud.witness.runs.values())


@pytest.mark.slow
@pytest.mark.parametrize("scenario", OUTLASTING, ids=lambda scenario: scenario.name)
def test_every_call_may_be_refused_until_the_sdk_gives_up(laboratory, scenario):
    calls = laboratory.calls_of(scenario)
    tally = laboratory.try_all(scenario, campaign.refusals(calls, EVERY_POINT))
    assert tally.points >= len({(call.function, call.operation) for call in calls})
    assert tally.failures == [], str(tally.failures[0])


@pytest.mark.slow
@pytest.mark.parametrize("scenario", OUTLASTING, ids=lambda scenario: scenario.name)
def test_every_operation_may_be_refused_for_minutes(laboratory, scenario):
    outages = campaign.outages(laboratory.calls_of(scenario))
    tally = laboratory.try_all(scenario, outages)
    assert tally.points == len(outages)
    assert tally.failures == [], str(tally.failures[0])


@pytest.mark.slow
@each_scenario
def test_the_answer_of_every_effect_may_be_lost(laboratory, scenario):
    calls = laboratory.calls_of(scenario)
    tally = laboratory.try_all(scenario, campaign.lost_answers(calls, EVERY_POINT))
    assert tally.points == (1 + EVERY_POINT) * sum(not call.is_read for call in calls)
    assert tally.failures == [], str(tally.failures[0])
