"""What the overlap slot adds to a run's cost, in calls and write units (docs/operations.md)."""

from collections import Counter
from dataclasses import replace

import pytest

from carillon.adapters.dynamo.head_item import head_item
from carillon.adapters.dynamo.revision_item import revision_item
from carillon.domain.overlap import EMPTY, Slot
from carillon.domain.run import RunState
from carillon.domain.schedule import Overlap, Policies, TimetableSpec
from tests.contract.builders import NOW, minutes, put, revision, run, schedule
from tests.contract.conftest import SHARDS, over
from tests.contract.meter import Meter
from tests.fakes.world import World


class SlotMeter(Meter):
    """Counts the reads of each table too."""

    def __init__(self, client):
        super().__init__(client)
        self.reads = Counter()

    def __getattr__(self, operation):
        method = super().__getattr__(operation)

        def counted(**arguments):
            if operation == "get_item":
                self.reads[arguments["TableName"]] += 1
            return method(**arguments)

        return counted


def metered(dynamo, overlap, **fields):
    head = schedule(policies=Policies(overlap), timetable=TimetableSpec("* * * * *"), **fields)
    for item in (head_item(head, SHARDS), dynamo.database.sealing.rows.signed(revision_item(revision()))):
        dynamo.client.put_item(TableName="SchedulesTable", Item=item)
    meter = SlotMeter(dynamo.client)
    world = World(stores=over(replace(dynamo.database, client=meter)))
    world.tick.run(range(SHARDS))
    meter.calls.clear(), meter.units.clear()
    return world, meter


@pytest.mark.parametrize("overlap", [Overlap.SKIP, Overlap.QUEUE, Overlap.REPLACE])
def test_a_run_that_meets_nobody_pays_two_writes_and_no_read_for_its_slot(dynamo, overlap):
    world, meter = metered(dynamo, overlap)
    assert world.work().run.state is RunState.SUCCEEDED
    assert meter.units["GuardsTable"] == 2
    assert meter.calls["update_item"] == 2 + 2
    assert meter.reads["GuardsTable"] == 0


def test_a_run_that_cannot_overlap_pays_nothing(dynamo):
    world, meter = metered(dynamo, Overlap.SKIP, needs_slot=False)
    assert world.work().run.state is RunState.SUCCEEDED
    assert (meter.units["GuardsTable"], meter.reads["GuardsTable"]) == (0, 0)


def test_a_skipped_run_pays_one_refused_write_and_one_batch_of_reads_for_knowing_its_holder(dynamo):
    world, meter = metered(dynamo, Overlap.SKIP)
    holder = put(world, run(fire_at=NOW - minutes(1), state=RunState.RUNNING, attempt=1, slotted=True))
    world.slots.swap("nightly-etl", EMPTY, Slot((holder.run_id.run_key,)), NOW)
    meter.calls.clear(), meter.units.clear()
    assert world.work().run.reason == "overlap_skipped"
    assert (meter.calls["update_item"], meter.calls["batch_get_item"]) == (2, 1)
    assert (meter.units["GuardsTable"], meter.reads["GuardsTable"]) == (0, 0)
