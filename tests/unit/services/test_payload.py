"""What a run by hand is given: seen by its expressions, again by its repetitions, and missed when it is gone."""

from carillon.domain.run import RunState
from carillon.services.enqueue import Enqueue
from carillon.services.journal import Journal
from carillon.services.retry_run import RetryRun
from carillon.services.trigger_schedule import TriggerSchedule
from tests.fakes.life import ADMIN
from tests.unit.services.workflows import WorkflowWorld, broken, ok, task


def test_the_payload_and_the_runs_own_facts_can_be_given():
    world = triggered({"n": 7})
    world.settle()
    assert world.named.bodies["a"] == [{"p": 7, "f": "2026-11-22T02:00:00Z", "n": 1}]


def test_a_run_by_hand_of_a_run_that_was_given_something_is_given_the_same():
    world = triggered({"n": 7})
    world.says["a"] = [broken(), ok()]
    world.settle()
    again = RetryRun(
        world.schedules,
        world.runs,
        Enqueue(world.runs, world.queue, world.clock),
        world.clock,
        Journal(world.chance),
    )
    world.top_id = again(ADMIN, str(world.top_id)).run_id
    world.settle()
    assert str(world.top_id).endswith("-r1")
    assert [body["p"] for body in world.named.bodies["a"]] == [7, 7]


def test_what_was_given_and_is_gone_fails_the_step_and_runs_nothing():
    world = triggered({"n": 7})
    world.outputs.kept.clear()
    world.settle()
    assert (world.row("a").state, world.row("a").reason) == (RunState.FAILED, "bad_input")
    assert world.named.calls == []


def test_a_run_that_was_given_nothing_sees_null():
    world = triggered(None)
    world.settle()
    assert [body["p"] for body in world.named.bodies["a"]] == [None]


def triggered(payload):
    """A workflow whose one step reads the payload, run by hand."""
    world = WorkflowWorld(
        {"steps": {"a": task("a", {"p.$": "payload.n", "f.$": "run.fire_at", "n.$": "run.attempt"})}}
    )
    enqueue = Enqueue(world.runs, world.queue, world.clock)
    trigger = TriggerSchedule(
        world.schedules, enqueue, world.outputs, world.clock, world.chance, Journal(world.chance)
    )
    world.top_id = trigger(ADMIN, "etl", payload=payload).run_id
    return world
