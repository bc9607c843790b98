"""What one run of the default schedule costs, in write units and calls, from claim to end (docs/operations.md)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from carillon.adapters.dynamo.head_item import head_item
from carillon.adapters.dynamo.revision_item import revision_item
from carillon.domain.allow_list import AllowList
from carillon.domain.definition import Limits, read_definition
from carillon.domain.definition_document import definition_document
from carillon.domain.head_changes import create
from carillon.domain.job import Revision
from carillon.domain.run import RunState
from tests.contract.builders import NOW
from tests.contract.conftest import SHARDS, over
from tests.contract.meter import Meter
from tests.fakes.world import World

RUNS = 10
DOCUMENT = {
    "schedule_id": "nightly-export",
    "description": "Exports the orders of the day to the warehouse.",
    "tags": {"team": "data", "stage": "production"},
    "timetable": {"expression": "0 2 * * *", "zone": "Europe/Berlin"},
    "job": {"target": {"kind": "http", "method": "POST", "url": "https://example.com/export"}},
}


@pytest.fixture
def metered(dynamo):
    """Ten default schedules due at once, and a world over a metered client."""
    limits = Limits.of_stack(300, 1, AllowList())
    for number in range(RUNS):
        document = DOCUMENT | {"schedule_id": f"nightly-export-{number}"}
        definition = read_definition(document, limits, NOW)
        head = create(definition, "ada", NOW, None).after
        head = replace(head, next_fire_at=NOW + timedelta(hours=23), due_at=NOW + timedelta(hours=23))
        revision = Revision(head.schedule_id, 1, 1, definition_document(definition), definition.job, 0, "ada")
        for item in (head_item(head, SHARDS), dynamo.database.sealing.rows.signed(revision_item(revision))):
            dynamo.client.put_item(TableName="SchedulesTable", Item=item)
    meter = Meter(dynamo.client)
    world = World(stores=over(replace(dynamo.database, client=meter)))
    world.clock.set(NOW + timedelta(hours=23) - timedelta(seconds=60))
    return world, meter


def test_a_default_run_costs_ten_write_units_and_four_reads(metered):
    world, meter = metered
    world.tick.run(range(SHARDS))
    assert len(world.queue.sent) == RUNS
    world.clock.advance(60)
    for sent in list(world.queue.sent):
        assert world.work(sent).run.state is RunState.SUCCEEDED

    per_run = {name: units / RUNS for name, units in meter.units.items() if units}
    assert per_run == {
        "RunsTable": 2 + 1 + 1,  # put in the claim's transaction, start, finish
        "RunsTable/wake": 1 + 1,  # into the sweep's index, out of it at the end
        "SchedulesTable": 2,  # the head's advance in the same transaction
        "SchedulesTable/due": 2,  # its key moves to the next fire time
    }
    assert meter.calls["update_item"] / RUNS == 2
    assert meter.calls["get_item"] / RUNS == 3
    assert meter.calls["transact_write_items"] == SHARDS
