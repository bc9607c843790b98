"""The tick's door: the minute's event, and the tick's own further ranges."""

import pytest

from carillon.domain.errors import InvalidInput
from carillon.services.spread import SpreadTick
from tests.fakes.world import World
from tests.functions.event_files import event
from tick.handler import respond


class Ranges:
    def __init__(self):
        self.started = []

    def start(self, shards):
        self.started.append(shards)


def tick_of(world, shards=1, shards_per_tick=16):
    ranges = Ranges()
    return SpreadTick(world.tick, world.liveness, ranges, shards, shards_per_tick, lambda: 3), ranges


def test_the_minutes_event_claims_what_is_due_and_says_so_in_one_line():
    world = World()
    world.add()
    answer = respond(event("tick"), tick_of(world)[0], world.log)
    assert (answer["due"], answer["runs"]) == (1, 4)
    assert [line["action"] for line in world.lines] == ["ticked"]


def test_more_shards_than_one_tick_takes_are_handed_to_further_ticks():
    world = World(shards=40)
    tick, ranges = tick_of(world, shards=40)
    respond(event("tick"), tick, world.log)
    assert ranges.started == [range(16, 32), range(32, 40)]


def test_a_range_is_ticked_and_hands_nothing_on():
    world = World(shards=40)
    tick, ranges = tick_of(world, shards=40)
    respond(event("tick-range"), tick, world.log)
    assert ranges.started == []


def test_every_shard_is_ticked_by_exactly_one_tick():
    ticked = []
    world = World(shards=40)
    tick, ranges = tick_of(world, shards=40)
    world.schedules.due_before = lambda shard, horizon: (ticked.append(shard), iter([]))[1]
    respond(event("tick"), tick, world.log)
    for shards in ranges.started:
        respond({"shards": [shards.start, shards.stop]}, tick, world.log)
    assert sorted(ticked) == list(range(40))


@pytest.mark.parametrize("shards", [[0, 0], [-1, 1], [0, 41]])
def test_a_range_outside_the_stack_is_refused(shards):
    world = World(shards=40)
    with pytest.raises(InvalidInput, match="not within the 40 shards"):
        respond({"shards": shards}, tick_of(world, shards=40)[0], world.log)
