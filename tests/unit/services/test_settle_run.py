"""What an operator can do about a failed compensation: again, settled, or a workflow stopped."""

import pytest

from carillon.domain.access import Principal
from carillon.domain.errors import RunNotCompensable
from carillon.domain.outcome import retryable
from carillon.domain.run import RunState
from carillon.services.journal import Journal
from carillon.services.settle_run import SettleRun
from carillon.services.stop_run import StopRun
from tests.unit.services.test_workflow import ETL, started
from tests.unit.services.workflows import WorkflowWorld, broken, ok, task

OPS = Principal("ops", ("admin",))


def stuck(document=ETL, **says):
    """A workflow whose transform could not be taken back."""
    world = WorkflowWorld(document)
    world.says |= {"load": [broken()], "undo_transform": [broken()]} | says
    assert world.fire().state is RunState.COMPENSATION_FAILED
    return world


def desk(world):
    return SettleRun(
        world.schedules, world.runs, world.ended, world.clock, world.chance, Journal(world.chance)
    )


def test_another_round_goes_on_where_the_last_one_stopped():
    world = stuck()
    world.says["undo_transform"] = [ok()]
    del world.named.called[:]
    desk(world).compensate(OPS, str(world.top_id))
    assert world.settle().state is RunState.COMPENSATED
    assert world.named.called == ["undo_transform", "undo_extract"]
    assert world.states()["transform.undo-1"] == "FAILED"
    assert world.states()["transform.undo-2"] == "SUCCEEDED"
    assert world.states()["extract.undo-2"] == "SUCCEEDED"


def test_a_round_may_fail_again():
    world = stuck()
    desk(world).compensate(OPS, str(world.top_id))
    assert world.settle().state is RunState.COMPENSATION_FAILED
    assert world.states()["transform.undo-2"] == "FAILED"


def test_settling_ends_it_and_the_note_is_audited():
    world = stuck()
    run = desk(world).settle(OPS, str(world.top_id), "rows removed by hand")
    assert run.state is RunState.COMPENSATED
    assert run.events[-1].message == "settled by ops: rows removed by hand"
    (entry,) = [entry for entry in world.database.audit.values() if entry.action == "run.settle"]
    assert entry.after == {"state": "COMPENSATED", "note": "rows removed by hand"}


@pytest.mark.parametrize("act", ["compensate", "settle"])
def test_a_run_without_a_failed_compensation_is_left_alone(act):
    world = WorkflowWorld(ETL)
    world.fire()
    arguments = [OPS, str(world.top_id), *(["done"] if act == "settle" else [])]
    with pytest.raises(RunNotCompensable, match="The run is SUCCEEDED"):
        getattr(desk(world), act)(*arguments)


def test_an_unknown_end_is_taken_back_when_an_operator_asks():
    world = WorkflowWorld(task("work", compensate=task("undo_work")) | {"retry": {"max_attempts": 1}})

    def dies(call):
        raise KeyboardInterrupt

    world.says["work"] = [dies]
    world.tick.run(range(1))
    with pytest.raises(KeyboardInterrupt):
        world.work()
    world.queue.sent.clear()
    assert world.settle().state is RunState.UNKNOWN
    desk(world).compensate(OPS, str(world.top_id))
    assert world.settle().state is RunState.COMPENSATED
    assert world.named.called == ["work", "undo_work"]


def test_a_workflow_is_stopped_at_once_and_takes_back_what_it_did_when_asked():
    world = started(ETL, "extract")
    stop = StopRun(world.schedules, world.cancel_run, world.clock, Journal(world.chance))
    stop(OPS, str(world.top_id), compensate=True)
    before = world.clock.now()
    while world.queue.sent:
        world.work()
    assert world.top.state is RunState.COMPENSATED
    assert (world.clock.now() - before).total_seconds() < 5
    assert world.named.called == ["extract", "undo_extract"]


PLAIN = task("work", compensate=task("undo_work"))


def cancelled(world, **how):
    stop = StopRun(world.schedules, world.cancel_run, world.clock, Journal(world.chance))
    stop(OPS, str(world.top_id), **how)
    world.settle()
    return world.top.state, world.top.reason, world.named.called


@pytest.mark.parametrize(
    ("how", "state", "reason", "undone"),
    [
        ({"compensate": True}, RunState.COMPENSATED, "cancelled_and_taken_back", ["undo_work"]),
        ({}, RunState.CANCELLED, "cancelled", []),
    ],
)
def test_a_task_between_two_attempts_is_taken_back_when_its_cancel_asks_for_it(how, state, reason, undone):
    world = WorkflowWorld(PLAIN)
    world.says["work"] = [retryable("http_503", "The target is down.")]
    world.tick.run(range(1))
    world.work()
    assert world.top.state is RunState.RETRYING
    assert cancelled(world, **how) == (state, reason, ["work", *undone])
    # Asking again changes nothing.
    assert cancelled(world, **how) == (state, reason, ["work", *undone])


def test_a_task_that_runs_is_taken_back_once_it_has_stopped():
    world = WorkflowWorld(PLAIN)

    def answers(call):
        stop = StopRun(world.schedules, world.cancel_run, world.clock, Journal(world.chance))
        stop(OPS, str(world.top_id), compensate=True)
        return retryable("http_503", "The target is down.")

    world.says["work"] = [answers]
    assert world.fire().state is RunState.COMPENSATED
    assert (world.top.reason, world.named.called) == ("cancelled_and_taken_back", ["work", "undo_work"])


@pytest.mark.parametrize("job", [PLAIN, task("work")], ids=["not begun", "nothing to take back with"])
def test_nothing_is_said_to_be_taken_back_where_nothing_was(job):
    world = WorkflowWorld(job)
    world.tick.run(range(1))
    if job is not PLAIN:
        world.says["work"] = [retryable("http_503", "The target is down.")]
        world.work()
    assert cancelled(world, compensate=True)[:2] == (RunState.CANCELLED, "cancelled")
