"""How long the oldest run has waited past its time, told before the sweep and whatever becomes of it."""

from datetime import timedelta

import pytest

from carillon.domain.errors import Unavailable
from carillon.services.spread import SpreadTick
from carillon.services.sweep import SweepReport
from carillon.services.tick import Tick
from tests.fakes.world import World


@pytest.fixture
def world():
    world = World()
    world.add(expression="0 2 * * *")
    world.start = world.clock.now()
    world.spread = SpreadTick(
        world.tick, world.liveness, ranges=None, shards=1, shards_per_tick=16, work_off=lambda: 0
    )
    return world


def ages(world):
    return [value for _, value, _, _ in world.metrics.told]


def test_nothing_past_its_time_is_an_age_of_nought(world):
    world.spread.run()
    world.spread.run()
    assert world.metrics.told == [("OldestWakeAge", 0.0, "Seconds", {"shards": "0-0"})] * 2


class Idle:
    """A sweep that looks at nothing."""

    def run(self, shard):
        return SweepReport()


def test_a_run_that_nobody_looks_after_grows_older_and_the_sweep_makes_it_young(world):
    world.spread.run()
    idle = Tick(world.schedules, world.claimer, Idle(), world.clock, map, world.log)
    unswept = SpreadTick(idle, world.liveness, ranges=None, shards=1, shards_per_tick=16, work_off=lambda: 0)
    for minutes in (3, 10):
        world.clock.set(world.start + timedelta(minutes=minutes))
        unswept.run()
    world.spread.run()
    world.spread.run()
    assert ages(world) == [0.0, 120.0, 540.0, 540.0, 0.0]


def test_the_age_is_told_though_the_tick_then_fails(world):
    def fail(shard):
        raise Unavailable

    world.spread.run()
    world.clock.advance(300)
    world.runs.wake_before = lambda *_: fail(0)
    with pytest.raises(Unavailable):
        world.spread.run()
    assert ages(world) == [0.0, 240.0]


def test_an_index_that_cannot_be_read_does_not_stop_the_tick(world):
    def fail(shard):
        raise Unavailable("no answer")

    world.runs.oldest_wake = fail
    report = world.spread.run()
    assert report.runs == 1
    assert ages(world) == []
    assert world.lines[0]["action"] == "liveness_unread"


def test_the_oldest_of_a_range_of_shards_is_told(world):
    world.spread.run()
    world.clock.advance(200)
    late = world.run(world.start)
    world.runs.oldest_wake = {0: late.wake_at, 1: None, 2: late.wake_at - timedelta(seconds=40)}.get
    world.liveness(range(3))
    assert world.metrics.told[-1] == ("OldestWakeAge", 180.0, "Seconds", {"shards": "0-2"})
