"""What the simulator found in the services, each as the shortest story that shows it."""

from datetime import timedelta

from carillon.domain.run import RunState
from carillon.domain.schedule import Overlap
from tests.faults.simulator.cast import OPERATOR, Cast, definition
from tests.faults.simulator.stage import Odds, Stage
from tests.faults.simulator.witness import Witness


def _stack():
    stage = Stage(0, Odds())
    return stage, Cast(stage, Witness(stage, overlap={"etl": (Overlap.ALLOW, None)}))


def _every(minutes, **more):
    return definition("etl", 60 * minutes, 1, 60, Overlap.ALLOW, None, **more)


def _work_off(stage, cast):
    while messages := cast.queue.deliverable():
        for message in messages:
            cast.queue.waiting.remove(message)
            cast.work(message.body)


def test_a_new_incarnation_fires_only_after_what_a_fast_clock_claimed():
    stage, cast = _stack()
    cast.create(OPERATOR, _every(1))
    stage.now += timedelta(minutes=8)
    cast.tick.run([0])
    stage.now -= timedelta(minutes=8)
    last = max(run_id.moment for run_id in cast.database.runs)
    cast.delete(OPERATOR, "etl", None)
    cast.create(OPERATOR, _every(1))
    assert all(run.generation == 1 for run in cast.database.runs.values() if run.fire_at <= last)
    assert cast.database.heads["etl"].claimed_until == last


def test_a_new_incarnation_fires_only_after_a_run_that_ended_before_its_time():
    stage, cast = _stack()
    stage.now += timedelta(minutes=29)
    cast.create(OPERATOR, _every(30))
    stage.now += timedelta(seconds=57)
    cast.pause(OPERATOR, "etl")
    (only,) = cast.database.runs.values()
    assert (only.state, only.fire_at - stage.now) == (RunState.SKIPPED, timedelta(seconds=3))
    cast.delete(OPERATOR, "etl", None)
    assert cast.database.heads["etl"].claimed_until == only.fire_at


def test_a_workflow_that_has_started_goes_on_when_its_schedule_is_deleted():
    stage, cast = _stack()
    stage.is_healed = True
    cast.create(OPERATOR, _every(1, is_workflow=True))
    stage.now += timedelta(minutes=1)
    (message,) = cast.queue.deliverable()
    cast.queue.waiting.remove(message)
    cast.work(message.body)
    cast.delete(OPERATOR, "etl", None)
    _work_off(stage, cast)
    ended = {
        key.run_key.partition(".")[2]: run.state for key, run in cast.database.runs.items() if run.attempt
    }
    assert ended == dict.fromkeys(("", "extract", "clean", "load"), RunState.SUCCEEDED)
