"""Schedules that run after others: which ends they follow, once each, and never in a circle."""

from dataclasses import replace
from datetime import timedelta

import pytest

from carillon.domain.chain import following_run
from carillon.domain.errors import InvalidInput
from carillon.domain.run import Origin, RunState
from carillon.domain.run_change import RunChange
from carillon.domain.schedule import After, ChainOn, ScheduleState, TimetableSpec
from carillon.services.chain_runs import ChainRuns, check_chain
from carillon.services.enqueue import Enqueue
from tests.fakes.world import World


def follows(schedule_id, on=ChainOn.SUCCESS):
    return TimetableSpec("", after=After(schedule_id, on))


class ChainWorld(World):
    """`etl` fires; others follow. Every end is told to the chain, as the stream does, and told twice."""

    def __init__(self, **followers):
        super().__init__()
        self.add()
        for schedule_id, spec in followers.items():
            self.add(schedule_id, timetable=spec, next_fire_at=None, due_at=None)
        self.chain = ChainRuns(
            self.schedules, Enqueue(self.runs, self.queue, self.clock), self.clock, self.log
        )

    def live(self):
        self.tick.run(range(1))
        told = set()
        while self.queue.sent:
            # A message that comes early only goes back into the queue: its time has to come.
            self.clock.set(max(self.clock.now(), self.queue.sent[0].dispatch.not_before))
            self.work()
            for run in [run for run in self.database.runs.values() if run.state.is_terminal]:
                before = replace(run, state=RunState.RUNNING, ended_at=None)
                if run.run_id not in told:
                    self.chain(RunChange("e", "1", before, run))
                    self.chain(RunChange("e", "1", before, run))
                told.add(run.run_id)

    def runs_of(self, schedule_id):
        return [run for run_id, run in self.database.runs.items() if run_id.schedule_id == schedule_id]


def test_a_success_starts_each_follower_once_with_its_fire_time():
    world = ChainWorld(load=follows("etl"), report=follows("load"), other=follows("elsewhere"))
    fire_at = world.clock.now()
    world.live()
    (first,) = [run for run in world.runs_of("load") if run.fire_at == fire_at]
    assert (first.state, first.origin) == (RunState.SUCCEEDED, Origin.CHAIN)
    assert first.events[0].message == "follows etl@20261122T020000Z, which ended SUCCEEDED"
    assert len(world.runs_of("load")) == len(world.runs_of("etl")) == len(world.runs_of("report"))
    assert world.runs_of("other") == []


ENDS = [
    (RunState.SUCCEEDED, {"success", "end"}),
    (RunState.FAILED, {"failure", "end"}),
    (RunState.TIMED_OUT, {"failure", "end"}),
    (RunState.UNKNOWN, {"failure", "end"}),
    (RunState.COMPENSATED, {"failure", "end"}),
    (RunState.COMPENSATION_FAILED, {"failure", "end"}),
    (RunState.CANCELLED, {"end"}),
    (RunState.SKIPPED, set()),
    (RunState.RUNNING, set()),
]


@pytest.mark.parametrize(("state", "followed_by"), ENDS)
def test_each_end_is_followed_by_those_who_wait_for_it(state, followed_by):
    world = ChainWorld()
    world.tick.run(range(1))
    run = replace(world.run(world.clock.now()), state=state, ended_at=world.clock.now())
    for on in ChainOn:
        head = world.add("load", timetable=follows("etl", on))
        found = following_run(head, run, world.clock.now())
        assert (found is not None) == (str(on) in followed_by)


def test_a_step_is_followed_by_nobody():
    world = ChainWorld(load=follows("etl"))
    world.tick.run(range(1))
    run = replace(world.run(world.clock.now()), state=RunState.SUCCEEDED, origin=Origin.STEP)
    assert following_run(world.head("load"), run, world.clock.now()) is None


def test_a_paused_follower_has_it_on_record():
    world = ChainWorld(load=follows("etl"))
    world.database.heads["load"] = replace(world.head("load"), state=ScheduleState.PAUSED)
    world.live()
    rows = world.runs_of("load")
    assert rows
    assert {(run.state, run.reason, run.origin) for run in rows} == {
        (RunState.SKIPPED, "paused", Origin.CHAIN)
    }


def test_a_follower_that_was_edited_to_times_of_its_own_follows_no_more():
    world = ChainWorld(load=follows("etl"))
    world.schedules.followers = lambda schedule_id: ["load"]
    world.database.heads["load"] = replace(world.head("load"), timetable=TimetableSpec("@daily"))
    world.live()
    assert world.runs_of("load") == []


@pytest.mark.parametrize(
    ("heads", "spec", "sentence"),
    [
        ({}, follows("a"), "These schedules would follow each other in a circle: a -> a."),
        ({"b": "a"}, follows("b"), "These schedules would follow each other in a circle: a -> b -> a."),
        (
            {"b": "c", "c": "a"},
            follows("b"),
            "These schedules would follow each other in a circle: a -> c -> b -> a.",
        ),
        ({}, follows("gone"), "There is no schedule gone to run after."),
    ],
)
def test_a_chain_that_cannot_be_is_refused_when_it_is_saved(heads, spec, sentence):
    world = ChainWorld(**{name: follows(upstream) for name, upstream in heads.items()})
    with pytest.raises(InvalidInput) as caught:
        check_chain(world.schedules, "a", spec)
    (fault,) = caught.value.errors
    assert (fault.field, fault.message) == ("timetable.after.schedule_id", sentence)


def test_a_circle_that_came_about_by_two_edits_at_once_runs_nothing():
    world = ChainWorld(a=follows("b"), b=follows("a"))
    world.tick.run(range(1))
    etl = world.run(world.clock.now())
    run = replace(etl, run_id=replace(etl.run_id, schedule_id="a"), state=RunState.SUCCEEDED)
    run = replace(run, ended_at=world.clock.now() + timedelta(seconds=1), wake_at=None)
    world.chain(RunChange("e", "1", replace(run, state=RunState.RUNNING, ended_at=None), run))
    assert world.runs_of("b") == []
    assert [line["message"] for line in world.lines if line["action"] == "chain_circle"] == ["b -> a -> b"]
