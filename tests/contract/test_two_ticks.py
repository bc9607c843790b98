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
from carillon.services.attempt import Attempt
from carillon.services.claim import Claimer
from carillon.services.ended import build_ended
from carillon.services.execute import Execute
from carillon.services.sweep import Sweep
from carillon.services.tick import Tick
from carillon.services.turn import build_turn
from tests.contract.builders import NOW, schedule
from tests.contract.conftest import SHARDS, over
from tests.fakes.clock import FakeChance, FakeClock
from tests.fakes.log import RecordedLog
from tests.fakes.recorders import MemoryQueue

SCHEDULES = 200
ID = "due-{:03}".format


class OneTarget:
    def __init__(self, clock):
        self.clock, self.calls = clock, []

    def execute(self, call):
        self.calls.append((call.run_id, self.clock.now() - call.fire_at))
        return Outcome(OutcomeKind.SUCCESS, "done")


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
        for item in (head_item(head, SHARDS), revision_item(revision)):
            dynamo.client.put_item(TableName="SchedulesTable", Item=item)
    return stores


def a_tick(stores, clock, queue):
    chance, log = FakeChance(), RecordedLog()
    schedules, runs = stores["schedules"], stores["runs"]
    ended = build_ended(stores["slots"], queue, clock, chance, log)
    sweep = Sweep(schedules, runs, ended, queue, clock, chance, map, log)
    return Tick(schedules, Claimer(schedules, queue, clock, chance), sweep, clock, map, log)


def work_off(stores, clock, queue):
    """One worker takes every message at its second."""
    target = OneTarget(clock)
    attempt = Attempt(stores["schedules"], {"http": target}, clock, RecordedLog())
    chance, log = FakeChance(1), RecordedLog()
    ended = build_ended(stores["slots"], queue, clock, chance, log)
    turn = build_turn(stores["runs"], stores["slots"], queue, ended, clock, chance)
    worker = Execute(stores["runs"], attempt, turn, ended, queue, clock, chance, log)
    for sent in sorted(queue.sent, key=lambda sent: sent.dispatch.not_before):
        clock.set(max(clock.now(), sent.dispatch.not_before))
        worker.execute(sent.body, clock.now() + timedelta(seconds=300))
    return target


@pytest.mark.slow
@pytest.mark.parametrize("apart_seconds", [0, 119])
def test_each_fire_time_has_one_row_and_one_call_on_its_second(stack, apart_seconds):
    clocks = FakeClock(NOW - timedelta(seconds=119)), FakeClock(NOW - timedelta(seconds=119 - apart_seconds))
    queue = MemoryQueue()
    ticks = [a_tick(stack, clock, queue) for clock in clocks]
    shards = range(SHARDS)
    if apart_seconds:
        for tick in ticks:
            tick.run(shards)
    else:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda tick: tick.run(shards), ticks))

    expected = {NOW}
    target = work_off(stack, clocks[0], queue)

    rows = {ID(number): stack["runs"].of_schedule(ID(number), 100).items for number in range(SCHEDULES)}
    for schedule_id, runs in rows.items():
        assert {run.fire_at for run in runs} == expected, schedule_id
        assert len(runs) == len(expected)
        assert {run.state for run in runs} == {RunState.SUCCEEDED}
    calls = Counter(run_id for run_id, _ in target.calls)
    assert len(calls) == SCHEDULES * len(expected)
    assert set(calls.values()) == {1}
    assert {late for _, late in target.calls} == {timedelta(0)}
