"""The worker's door: a batch of messages, each on its own."""

from datetime import UTC, datetime, timedelta

from carillon.domain.run import RunState
from tests.fakes.world import LEASE, World
from tests.functions.event_files import event
from worker.handler import hard_deadline, respond

TWO = datetime(2026, 11, 22, 2, tzinfo=UTC)


def a_world(*schedule_ids):
    world = World()
    for schedule_id in schedule_ids:
        world.add(schedule_id, "0 2 * * *")
    world.tick.run(range(1))
    return world


def take(world, name):
    return respond(event(name), world.execute, world.clock.now() + LEASE, world.log)


def test_a_batch_executes_each_run_once():
    world = a_world("nightly-etl", "log-cleanup")
    assert take(world, "worker-batch") == {"batchItemFailures": []}
    assert sorted(call.run_id for call in world.target.calls) == [
        "log-cleanup@20261122T020000Z",
        "nightly-etl@20261122T020000Z",
    ]


def test_a_batch_delivered_twice_calls_nothing_twice():
    world = a_world("nightly-etl", "log-cleanup")
    take(world, "worker-batch")
    assert take(world, "worker-batch") == {"batchItemFailures": []}
    assert len(world.target.calls) == 2


def test_a_poison_message_comes_again_and_the_nine_others_of_its_batch_succeed():
    ids = [f"job-{number}" for number in range(1, 10)]
    world = a_world(*ids)
    answer = take(world, "worker-poison")
    poison = event("worker-poison")["Records"][4]["messageId"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": poison}]}
    assert {world.run(TWO, schedule_id).state for schedule_id in ids} == {RunState.SUCCEEDED}


def test_the_hard_deadline_is_the_invocations_own():
    class Context:
        def get_remaining_time_in_millis(self):
            return 19_500

    world = World()
    assert hard_deadline(Context(), world.clock) == world.clock.now() + timedelta(seconds=19.5)
