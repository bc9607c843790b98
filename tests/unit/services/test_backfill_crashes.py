"""Whatever dies or meets in the middle of a backfill, its limit holds and each fire time runs once."""

from contextlib import suppress

import pytest

from carillon.domain.backfill import BackfillState
from carillon.domain.errors import LostRace, Unavailable
from tests.unit.services.backfilling import Backfilling, keys


@pytest.fixture
def world():
    return Backfilling()


@pytest.mark.parametrize("limit", [1, 2, 4, 50])
def test_never_more_runs_are_unfinished_than_asked_for(world, limit):
    backfill = world.begin(hours=9, max_concurrent=limit)
    most = 0
    while world.row(backfill).state is BackfillState.ACTIVE:
        for _ in range(3):
            world.look(backfill)
        most = max(most, len(world.unfinished()))
        world.end(world.unfinished()[0])
        world.look(backfill)

    assert most == min(limit, 10)
    assert world.row(backfill).succeeded == 10


@pytest.mark.parametrize("operation", ["save_backfill", "put_if_absent"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_crash_at_any_write_loses_no_fire_time_and_doubles_none(world, operation, moment):
    backfill = world.begin(hours=9, max_concurrent=3)
    calls = {"count": 0}

    def crash(name):
        calls["count"] += name == operation
        if name == operation and calls["count"] % 2:
            raise Unavailable("the function was killed")

    setattr(world.database, moment, crash)
    for _ in range(60):
        for key in world.unfinished():
            world.end(key)
        with suppress(Unavailable):
            world.look(backfill)
        assert len(world.unfinished()) <= 3
        if world.row(backfill).state is not BackfillState.ACTIVE:
            break

    row = world.row(backfill)
    assert (row.state, row.succeeded, row.looked_at) == (BackfillState.DONE, 10, 10)
    assert len(world.database.runs) == 10


def test_of_two_who_look_at_once_one_writes_and_the_limit_holds(world):
    backfill = world.begin(max_concurrent=2)
    for key in world.unfinished():
        world.end(key)
    original, met = world.backfills.save, []

    def save_after_another(before, after, audit=None):
        if not met:
            met.append(after)
            world.look(backfill)
        return original(before, after, audit)

    world.backfills.save = save_after_another
    world.look(backfill)

    assert world.unfinished() == keys(2, 3)


def test_a_backfill_that_cannot_be_read_stops_no_other(world):
    broken, fine = world.begin(), world.begin(hours=0)
    original = world.backfills.get

    def get(schedule_id, backfill_id):
        if backfill_id == broken.backfill_id:
            raise KeyError("not this one")
        return original(schedule_id, backfill_id)

    world.backfills.get = get
    for key in world.unfinished():
        world.end(key)
    world.work_off.all()

    assert world.row(fine).state is BackfillState.DONE
    assert [line["action"] for line in world.lines] == ["backfill_held"]


def test_a_write_that_is_always_overtaken_gives_up_and_leaves_it_to_the_next_look(world):
    backfill = world.begin()
    world.end(keys(0)[0])

    def overtaken(*_):
        raise LostRace

    world.backfills.save = overtaken
    assert world.look(backfill) == 0


def test_a_store_that_does_not_answer_leaves_backfills_to_the_next_tick(world):
    world.begin()

    def refuse(limit):
        raise Unavailable("the index does not answer")

    world.backfills.active = refuse
    assert world.work_off.all() == 0
    assert world.lines[-1]["message"] == "the index does not answer"
