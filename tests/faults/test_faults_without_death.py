"""AWS may throttle, fail, fall silent, or do half of what it was asked: every life ends as it would have anyway."""

import pytest

from tests.faults.crash_points import campaign
from tests.faults.crash_points.scenarios import SCENARIOS

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
@each_scenario
def test_every_call_may_be_refused_until_the_sdk_gives_up(laboratory, scenario):
    calls = laboratory.calls_of(scenario)
    tally = laboratory.try_all(scenario, campaign.refusals(calls))
    assert tally.points >= len(calls)
    assert tally.failures == [], str(tally.failures[0])


@pytest.mark.slow
@each_scenario
def test_every_operation_may_be_refused_for_minutes(laboratory, scenario):
    outages = campaign.outages(laboratory.calls_of(scenario))
    tally = laboratory.try_all(scenario, outages)
    assert tally.points == len(outages)
    assert tally.failures == [], str(tally.failures[0])
