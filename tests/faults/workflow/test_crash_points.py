"""A worker or tick dies at any call of a port, before or after it takes effect: the workflow ends as it should."""

import random
from collections import Counter

import pytest

from carillon.domain.run import Origin, RunState
from carillon.domain.workflow.step_key import split
from tests.faults.workflow.dying_world import FAILING, SUCCEEDING, world_of

CASES = {"failing": (FAILING, RunState.COMPENSATED), "succeeding": (SUCCEEDING, RunState.SUCCEEDED)}
PAIRS = 150


def points(case):
    world = world_of(case)
    world.live()
    return world.reaper.points


def check(world, expected):
    """The invariants that hold whatever died."""
    assert world.top.state is expected
    rows = [run for run_id, run in world.database.runs.items() if run_id != world.top_id]
    assert all(run.state.is_terminal for run in rows)
    assert max(Counter(world.named.calls).values()) == 1, "an attempt calls its target at most once"
    done = [run for run in rows if run.origin is Origin.STEP and run.state is RunState.SUCCEEDED]
    undone = [run for run in rows if run.origin is Origin.COMPENSATION]
    if expected is RunState.SUCCEEDED:
        assert undone == []
        assert len(done) == 7
        return
    wanted = [run for run in sorted(done, key=lambda run: run.ended_at, reverse=True) if is_undoable(run)]
    assert [split(run.run_id)[1].done_thing for run in sorted(undone, key=lambda run: run.started_at)] == [
        split(run.run_id)[1] for run in wanted
    ]
    assert {run.state for run in undone} == {RunState.SUCCEEDED}
    assert len(undone) == 4


def is_undoable(run):
    key = split(run.run_id)[1]
    return key.step in ("extract", "clean") or key.item is not None


@pytest.mark.parametrize("name", CASES)
def test_a_death_at_any_single_point_changes_nothing_in_the_end(name):
    case, expected = CASES[name]
    for point, where in enumerate(points(case)):
        world = world_of(case, [point])
        try:
            world.live()
            check(world, expected)
        except AssertionError as error:
            raise AssertionError(f"died at point {point}, {where}: {error}") from error


@pytest.mark.parametrize("name", CASES)
def test_deaths_at_two_points_change_nothing_in_the_end(name):
    case, expected = CASES[name]
    chance, count = random.Random(5), len(points(case))
    for _ in range(PAIRS):
        pair = sorted(chance.sample(range(count + 20), 2))
        world = world_of(case, pair)
        try:
            world.live()
            ended_by_attempts(world) or check(world, expected)
        except AssertionError as error:
            raise AssertionError(f"died at points {pair}: {error}") from error


def ended_by_attempts(world):
    """Two deaths may use up both attempts of one step, which is then UNKNOWN: a failure like any other."""
    lost = [run for run in world.database.runs.values() if run.state is RunState.UNKNOWN]
    if lost:
        assert world.top.state in (
            RunState.COMPENSATED,
            RunState.FAILED,
            RunState.COMPENSATION_FAILED,
        )
    return bool(lost)


def test_the_story_has_enough_points_to_die_at():
    found = Counter(name.partition(" ")[2] for name in points(FAILING))
    assert {"transition", "put_if_absent", "tree", "send", "execute", "get", "commit"} <= set(found)
    assert sum(found.values()) > 200
