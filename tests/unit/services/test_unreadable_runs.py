"""An unfinished run whose row cannot be read starves nobody, and is told again and again until somebody mends it."""

import pytest

from carillon.domain.errors import Unavailable
from carillon.domain.run_id import RunId
from carillon.services import sweep
from carillon.services.spread import tick_measures
from tests.fakes.database import PoisonRow
from tests.fakes.world import World

BAD = RunId("broken", "20261122T020000Z")


@pytest.fixture
def world():
    world = World()
    world.add(expression="0 2 * * *")
    world.tick.run([0])
    world.queue.sent.clear()
    world.database.runs[BAD] = PoisonRow("attribute 'state' is no state", wake_at=world.clock.now())
    return world


def told(world):
    return [line for line in world.lines if line["action"] == "run_unreadable"]


def test_it_is_told_with_its_reason_and_measured(world):
    report = world.tick.run([0])
    assert told(world) == [
        {
            "action": "run_unreadable",
            "message": "A run's row cannot be read.",
            "task_id": str(BAD),
            "why": "attribute 'state' is no state",
        }
    ]
    assert tick_measures(report)["UnreadableRuns"] == 1


def test_the_next_ticks_do_not_meet_it_but_one_in_fifteen_minutes_does(world):
    world.tick.run([0])
    for _ in range(14):
        world.clock.advance(60)
        world.tick.run([0])
    assert len(told(world)) == 1
    world.clock.advance(61)
    world.tick.run([0])
    assert len(told(world)) == 2


def test_as_many_of_them_as_a_sweep_takes_delay_a_run_by_one_tick(world):
    for number in range(sweep.MAX_ROWS - 1):
        world.database.runs[RunId("broken", str(number))] = PoisonRow("x", wake_at=world.clock.now())
    world.clock.advance(120)
    assert world.tick.run([0]).swept.resent == 0
    assert world.tick.run([0]).swept.resent == 1


def test_where_it_cannot_be_put_off_the_sweep_says_so_and_helps_the_others(world):
    def fail(run_id, until):
        raise Unavailable

    world.runs.put_off_unreadable = fail
    world.clock.advance(120)
    report = world.tick.run([0]).swept
    assert (report.resent, report.failed, report.unreadable) == (1, 1, 0)
    assert told(world) == []
