"""A backfill's whole life over either kind of store, driven by the ends of its runs and by the tick."""

from dataclasses import replace
from datetime import timedelta

import pytest

from carillon.adapters.dynamo.backfills import DynamoBackfills
from carillon.adapters.dynamo.run_states import DynamoRunStates
from carillon.domain.access import Principal
from carillon.domain.backfill import BackfillState, Order, Reprocess
from carillon.domain.backfill_document import BackfillRequest
from carillon.domain.run import Origin, RunState
from carillon.domain.run_change import RunChange
from carillon.domain.schedule import TimetableSpec
from carillon.services.backfills import Backfills
from carillon.services.enqueue import Enqueue
from carillon.services.journal import Journal
from carillon.services.work_off import WorkOff
from tests.contract.builders import NOW, ended, put, saved, schedule
from tests.fakes.backfills import MemoryBackfills, MemoryRunStates
from tests.fakes.clock import FakeChance, FakeClock
from tests.fakes.recorders import MemoryQueue

ADA = Principal("ada", ("admin",), "192.0.2.7")


class Life:
    """The services over the stores of one kind."""

    def __init__(self, stores):
        clock, chance, log = FakeClock(NOW), FakeChance(), lambda *_, **__: None
        if stores.kind == "memory":
            backfills, states = MemoryBackfills(stores.memory), MemoryRunStates(stores.memory)
        else:
            tables = stores.dynamo.database
            backfills, states = DynamoBackfills(tables), DynamoRunStates(tables)
        self.stores, self.queue, self.clock = stores, MemoryQueue(), clock
        enqueue = Enqueue(stores.runs, self.queue, clock)
        self.work_off = WorkOff(backfills, stores.schedules, stores.runs, states, enqueue, clock, map, log)
        self.backfills = Backfills(
            backfills, stores.schedules, stores.runs, states, self.work_off, clock, chance, Journal(chance)
        )

    def end_oldest(self, state):
        """Ends the run that was sent first, as a worker would; answers the change that the stream tells."""
        run = self.stores.runs.get(self.queue.sent.pop(0).dispatch.run_id)
        assert (run.origin, run.state) == (Origin.BACKFILL, RunState.QUEUED)
        over = replace(
            run, state=state, claim_id="worker", attempt=1, wake_at=None, ended_at=self.clock.now()
        )
        return RunChange("id", "1", run, self.stores.runs.transition(run, over))


@pytest.fixture
def life(stores):
    return Life(stores)


def test_a_backfill_from_its_request_to_its_end(life, stores):
    saved(stores, schedule(timetable=TimetableSpec("@hourly")))
    hours = [NOW - timedelta(hours=number) for number in range(12, 0, -1)]
    put(stores, ended(fire_at=hours[0]), ended(fire_at=hours[1], state=RunState.SUCCEEDED))
    request = BackfillRequest(hours[0], hours[-1], Order.NEWEST, 3, Reprocess.FAILED, False)

    count, chosen = life.backfills.dry_run(ADA, "nightly-etl", request)
    backfill = life.backfills.begin(ADA, "nightly-etl", request)
    ended_by_tick = 0
    while life.queue.sent:
        change = life.end_oldest(RunState.FAILED if len(life.queue.sent) % 5 == 1 else RunState.SUCCEEDED)
        if ended_by_tick < 3:
            ended_by_tick += 1
            life.work_off.all()
        else:
            life.work_off.after([change])

    over = life.backfills.one(ADA, "nightly-etl", backfill.backfill_id)
    assert (count, len(chosen)) == (12, 11)
    assert over.state is BackfillState.DONE
    assert (over.succeeded + over.failed, over.looked_at, over.open) == (11, 12, ())
    again = [run for run in stores.runs.of_schedule("nightly-etl", 50).items if "~b" in run.run_id.run_key]
    assert [run.fire_at for run in again] == [hours[0]]
    assert life.work_off.all() == 0
