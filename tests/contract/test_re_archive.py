"""Ended runs written to the archive again: found in the table, resumable, and never in place of what lies there."""

import gzip
import json
from datetime import timedelta

import pytest

from carillon.adapters.dynamo.ended_runs import DynamoEndedRuns
from carillon.adapters.dynamo.outputs import DynamoOutputs
from carillon.domain.archive_object import archive_objects
from carillon.domain.run import RunState
from carillon.domain.run_change import RunChange, UnreadableChange
from carillon.domain.run_id import RunId
from carillon.services.re_archive import BUDGET, STRETCH, ReArchive
from tests.contract.builders import NOW, ended, run
from tests.fakes.clock import FakeClock
from tests.fakes.ended_runs import MemoryEndedRuns
from tests.fakes.log import RecordedLog
from tests.fakes.memory import MemoryArchive, MemoryDatabase

HOUR = timedelta(hours=1)


def at(hours, tail="", schedule_id="nightly-etl", **fields):
    """A run that ended, whose key lies so many hours after two o'clock."""
    moment = NOW + hours * HOUR
    run_id = RunId(schedule_id, RunId.of_fire_time(schedule_id, moment).run_key + tail)
    return ended(schedule_id, moment, run_id=run_id, **fields)


@pytest.fixture
def walk(stores):
    """The walk over the same table as `stores`."""
    if stores.kind == "memory":
        return MemoryEndedRuns(stores.memory)
    return DynamoEndedRuns(stores.dynamo.database)


@pytest.fixture
def again(walk):
    return ReArchive(walk, MemoryArchive(), FakeClock(), RecordedLog())


def lines(bucket):
    """Run ids by the hour they lie in."""
    found = {}
    for key, body in bucket.objects.items():
        ids = [json.loads(line)["run_id"] for line in gzip.decompress(body).decode().splitlines()]
        found.setdefault(key.rpartition("/")[0], []).extend(ids)
    return {key: sorted(ids) for key, ids in found.items()}


def filled(stores, *runs):
    for each in runs:
        stores.runs.put_if_absent(each)


def test_every_ended_run_of_the_hours_is_written_to_its_hour_and_no_other(stores, again):
    first, last = NOW, NOW + HOUR
    filled(
        stores,
        at(-1),
        at(0),
        at(0, ".extract"),
        at(0, "~k3f9x2mq", "gone", state=RunState.SUCCEEDED),
        at(1),
        at(2),
        run(fire_at=NOW + timedelta(minutes=7)),
    )

    done = again(first, last)

    assert (done.runs, done.unreadable, done.objects, done.following) == (4, 0, 2, None)
    assert lines(again._bucket) == {
        "runs/date=2026-11-22/hour=02": [
            "gone@20261122T020000Z~k3f9x2mq",
            "nightly-etl@20261122T020000Z",
            "nightly-etl@20261122T020000Z.extract",
        ],
        "runs/date=2026-11-22/hour=03": ["nightly-etl@20261122T030000Z"],
    }


def test_a_second_time_writes_the_same_objects(stores, again):
    filled(stores, at(0), at(1))
    again(NOW, NOW + HOUR)
    first = dict(again._bucket.objects)

    again(NOW, NOW + HOUR)

    assert again._bucket.objects == first


def test_what_was_written_before_a_row_went_stays(stores, walk):
    bucket = MemoryArchive()
    one, other = at(0), at(0, "~k3f9x2mq")
    filled(stores, one, other)
    for item in archive_objects([RunChange("c1", "7", None, one)]):
        bucket.put(item.key, item.body)
    ReArchive(walk, bucket, FakeClock(), RecordedLog())(NOW, NOW)
    before = dict(bucket.objects)
    forget(stores, other)

    ReArchive(walk, bucket, FakeClock(), RecordedLog())(NOW, NOW)

    assert before.items() <= bucket.objects.items()
    assert len(bucket.objects) == 3


def forget(stores, gone):
    if stores.kind == "memory":
        del stores.memory.runs[gone.run_id]
    else:
        key = {"schedule_id": {"S": gone.run_id.schedule_id}, "run_key": {"S": gone.run_id.run_key}}
        stores.dynamo.client.delete_item(TableName="RunsTable", Key=key)


def test_outputs_and_logs_beside_the_runs_are_no_runs(dynamo):
    DynamoOutputs(dynamo.database).keep(run(attempt=1), {"rows": 7}, NOW)

    assert DynamoEndedRuns(dynamo.database).page(NOW, NOW).rows == ()


def test_a_row_that_cannot_be_read_is_written_as_it_is(dynamo):
    row = {
        "schedule_id": {"S": "nightly-etl"},
        "run_key": {"S": "20261122T020000Z"},
        "ended_at": {"N": "1"},
        "claim_id": {"B": b"\0"},
    }
    dynamo.client.put_item(TableName="RunsTable", Item=row)
    bucket = MemoryArchive()

    done = ReArchive(DynamoEndedRuns(dynamo.database), bucket, FakeClock(), RecordedLog())(NOW, NOW)

    ((key, body),) = bucket.objects.items()
    assert (done.runs, done.unreadable) == (0, 1)
    assert key.startswith("unreadable/again-")
    assert json.loads(gzip.decompress(body))["image"]["claim_id"] == {"B": "AA=="}


def test_it_stops_when_its_time_is_over_and_goes_on_where_it_stopped():
    database, clock, bucket = MemoryDatabase(), FakeClock(), MemoryArchive()
    for number in range(2 * STRETCH * 3):
        each = at(0, f"~{number:04}")
        database.runs[each.run_id] = each
    walk = MemoryEndedRuns(database)
    walk.on_page = lambda: clock.advance(BUDGET.total_seconds() / STRETCH / 2 + 1)
    again = ReArchive(walk, bucket, clock, RecordedLog())

    first = again(NOW, NOW)
    second = again(NOW, NOW, first.following)

    assert (first.runs, first.following) == (2 * STRETCH * 2, {"at": 2 * STRETCH * 2})
    assert (second.runs, second.following) == (2 * STRETCH, None)
    assert sum(map(len, lines(bucket).values())) == 2 * STRETCH * 3
    assert len(bucket.objects) == 3


def test_the_walk_says_what_cannot_be_read_and_goes_on():
    broken = UnreadableChange("again:x@1", "again", "its state is missing", "x@1", {})
    walk = MemoryEndedRuns(MemoryDatabase(), (broken,))

    done = ReArchive(walk, MemoryArchive(), FakeClock(), RecordedLog())(NOW, NOW)

    assert done.document() == {"done": True, "runs": 0, "unreadable": 1, "objects": 1, "next": None}
