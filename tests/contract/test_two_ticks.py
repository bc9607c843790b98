"""Two ticks over DynamoDB, at one instant and almost two minutes apart: one row and one call per fire time."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from carillon.adapters.dynamo.head_item import head_item
from carillon.adapters.dynamo.revision_item import revision_item
from carillon.domain.job import Job, Revision
from carillon.domain.outcome import Outcome, OutcomeKind
from carillon.domain.run import RunState
from carillon.domain.schedule import TimetableSpec
from tests.contract.builders import NOW, schedule
from tests.contract.conftest import SHARDS, over
from tests.fakes.world import World

SCHEDULES = 200
ID = "due-{:03}".format


@pytest.fixture
def stack(dynamo):
    """200 schedules of one fire time each minute, in tables that are atomic under threads."""
    stores = over(dynamo.database)
    job = Job({"kind": "http", "url": "https://example.com/"}, 60)
    for number in range(SCHEDULES):
        head = schedule(ID(number), timetable=TimetableSpec("0 2 * * *"))
        document = {"schedule_id": ID(number), "job": {"target": dict(job.target)}}
        revision = Revision(ID(number), 1, 1, document, job, 0, "ada")
        # Row by row: moto copies whole tables for each transaction.
        for item in (head_item(head, SHARDS), dynamo.database.sealing.rows.signed(revision_item(revision))):
            dynamo.client.put_item(TableName="SchedulesTable", Item=item)
    return stores


def work_off(world, queue):
    """One worker takes every message at its second; answers how late each call was."""
    lateness = []

    def answer(call):
        lateness.append(world.clock.now() - call.fire_at)
        return Outcome(OutcomeKind.SUCCESS, "done")

    world.target.answers = [answer] * len(queue.sent)
    for sent in sorted(queue.sent, key=lambda sent: sent.dispatch.not_before):
        world.clock.set(max(world.clock.now(), sent.dispatch.not_before))
        world.work(sent)
    return lateness


@pytest.mark.slow
@pytest.mark.parametrize("apart_seconds", [0, 119])
def test_each_fire_time_has_one_row_and_one_call_on_its_second(stack, apart_seconds):
    worlds = [World(stores=stack), World(stores=stack)]
    for world, seconds in zip(worlds, (119, 119 - apart_seconds), strict=True):
        world.clock.set(NOW - timedelta(seconds=seconds))
    if apart_seconds:
        for world in worlds:
            world.tick.run(range(SHARDS))
    else:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda world: world.tick.run(range(SHARDS)), worlds))

    expected = {NOW}
    sent = [message for world in worlds for message in world.queue.sent]
    assert len(sent) == SCHEDULES
    worlds[0].queue.sent = sent
    lateness = work_off(worlds[0], worlds[0].queue)

    rows = {ID(number): stack["runs"].of_schedule(ID(number), 100).items for number in range(SCHEDULES)}
    for schedule_id, runs in rows.items():
        assert {run.fire_at for run in runs} == expected, schedule_id
        assert len(runs) == len(expected)
        assert {run.state for run in runs} == {RunState.SUCCEEDED}
    calls = Counter(call.run_id for call in worlds[0].target.calls)
    assert len(calls) == SCHEDULES * len(expected)
    assert set(calls.values()) == {1}
    assert set(lateness) == {timedelta(0)}
