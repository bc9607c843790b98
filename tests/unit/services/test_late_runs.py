"""Fire times that were claimed in time and reach no worker within their grace: the misfire policy speaks of them."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from carillon.domain.run import Origin, RunState
from carillon.domain.schedule import CatchUp, Misfire, Overlap, Policies
from tests.fakes.world import World

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


class Outage(World):
    """The clock ticks for an hour while no worker runs; then one takes every message that was ever sent."""

    def __init__(self, catch_up, expression="*/10 * * * *", max_catch_up=3):
        super().__init__()
        self.start = self.clock.now()
        misfire = Misfire(grace_seconds=300, catch_up=catch_up, max_catch_up=max_catch_up)
        self.add(expression=expression, policies=Policies(misfire=misfire, overlap=Overlap.ALLOW))
        for minute in range(60):
            self.clock.set(self.start + minute * MINUTE)
            self.tick.run(range(1))
        self.clock.set(self.start + HOUR - MINUTE)
        self.back_at = self.clock.now()

    def ran(self):
        """Minutes of the fire times that ran in the order of their starts, and those that did not."""
        rows = sorted(self.database.runs.values(), key=lambda run: run.started_at or run.created_at)
        done = [run.fire_at.minute for run in rows if run.state is RunState.SUCCEEDED]
        return done, sorted({run.fire_at.minute for run in rows if run.reason == "misfired"})


def test_without_catching_up_what_is_past_its_grace_does_not_run():
    world = Outage(CatchUp.NONE)
    world.work_in_time()
    assert world.ran() == ([0], [0, 10, 20, 30, 40, 50])


def test_the_latest_runs_after_all():
    world = Outage(CatchUp.LATEST)
    world.work_in_time()
    done, misfired = world.ran()
    assert (sorted(done), misfired) == ([0, 50], [0, 10, 20, 30, 40])


def test_the_newest_run_oldest_first_one_after_the_other():
    world = Outage(CatchUp.ALL)
    world.work_in_time()
    caught_up = [run for run in world.database.runs.values() if run.origin is Origin.CATCH_UP]
    caught_up.sort(key=lambda run: run.fire_at)
    assert [run.fire_at.minute for run in caught_up] == [30, 40, 50]
    starts = [run.started_at for run in caught_up]
    assert [late - early for early, late in pairwise(starts)] == [timedelta(seconds=6)] * 2
    assert all(run.state is RunState.SUCCEEDED for run in caught_up)
    assert world.ran()[1] == [0, 10, 20]


def test_a_message_that_comes_again_while_a_late_run_waits_for_its_turn_changes_nothing():
    world = Outage(CatchUp.LATEST, "0 2 * * *")
    message = world.queue.sent.pop(0)
    world.work(message)
    held = world.run(world.start)
    world.work(message)
    assert world.run(world.start) == held
    assert (held.state, held.origin, held.attempt) == (RunState.QUEUED, Origin.CATCH_UP, 0)


@pytest.mark.parametrize("state", ["paused", "edited"])
def test_a_late_run_that_is_no_longer_wanted_is_not_caught_up_on(state):
    world = Outage(CatchUp.LATEST, "0 2 * * *")
    head = world.head()
    if state == "paused":
        changed = {"active_since": world.start + MINUTE}
    else:
        changed = {"timetable": replace(head.timetable, expression="0 5 * * *")}
    world.database.heads["etl"] = replace(head, **changed)
    world.work_in_time()
    assert world.run(world.start).reason == state
