"""Stats rows, backfills and the states of runs: the same in memory and over DynamoDB."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from carillon.adapters.dynamo.backfills import DynamoBackfills
from carillon.adapters.dynamo.run_states import DynamoRunStates
from carillon.adapters.dynamo.stats import DynamoStats
from carillon.domain.backfill import Backfill, BackfillState, Order, Reprocess
from carillon.domain.errors import BackfillNotFound, LostRace, MalformedRow
from carillon.domain.run import RunState
from carillon.domain.run_id import RunId
from carillon.domain.schedule import TimetableSpec
from carillon.domain.stats import KEPT_MARKS, Counts, End, HourKey, HourStats, LastRun
from tests.contract.builders import NOW, audit, ended, put, run, saved, schedule
from tests.contract.conftest import SHARDS
from tests.fakes.backfills import MemoryBackfills, MemoryRunStates
from tests.fakes.shards import shard_of
from tests.fakes.stats import MemoryStats

HOUR = datetime(2026, 11, 22, 2, tzinfo=UTC)
KEY = HourKey("nightly-etl", HOUR)


@pytest.fixture
def progress(stores):
    """The stores of this suite beside the others over the same tables."""
    if stores.kind == "memory":
        found = MemoryStats, MemoryBackfills, MemoryRunStates
        tables = stores.memory
    else:
        found = DynamoStats, DynamoBackfills, DynamoRunStates
        tables = stores.dynamo.database
    stores.stats, stores.backfills, stores.states = (store(tables) for store in found)
    return stores


def counted(number, key=KEY, version=1):
    last = LastRun("nightly-etl@20261122T020000Z", RunState.FAILED, NOW + timedelta(milliseconds=7))
    return HourStats(
        key, Counts(fired=number, lateness_ms=123), last, (b"abcd", b"\x00\xff\x01\x02"), version
    )


def backfill(**fields):
    fields = {
        "schedule_id": "nightly-etl",
        "backfill_id": "20261122t020000z-abcdef",
        "generation": 1,
        "timetable": TimetableSpec("30 2 * * *", "Europe/Berlin", gap="skip"),
        "first": NOW - timedelta(days=9),
        "last": NOW,
        "created_by": "ada",
        "created_at": NOW,
        "fire_times": 9,
        "cursor": NOW - timedelta(days=9),
        **fields,
    }
    return Backfill(**fields)


def test_a_stats_row_comes_back_as_it_was_written(progress):
    assert progress.stats.save(counted(3))
    assert progress.stats.read_many([KEY, HourKey("other", HOUR)]) == {KEY: counted(3)}


def test_a_row_is_written_over_the_version_before_its_own_only(progress):
    assert progress.stats.save(counted(1))
    assert not progress.stats.save(counted(5))
    assert progress.stats.save(counted(2, version=2))
    assert not progress.stats.save(counted(9, version=2))
    assert progress.stats.read_many([KEY])[KEY].counts.fired == 2


def test_rows_are_read_by_owner_and_hour_oldest_first_and_the_latest_newest_first(progress):
    keys = [HourKey("nightly-etl", HOUR + timedelta(hours=each)) for each in range(4)]
    for key in (*keys, HourKey("overview#1", HOUR)):
        progress.stats.save(counted(1, key))
    saved(progress, schedule())

    between = progress.stats.between("nightly-etl", keys[1].hour, keys[2].hour)
    assert [row.key for row in between] == keys[1:3]
    assert [row.key for row in progress.stats.latest("nightly-etl", 2)] == keys[:1:-1]
    assert [row.key.owner for row in progress.stats.between("overview#1", HOUR, HOUR)] == ["overview#1"]


def test_a_full_stats_row_is_one_write_unit(dynamo):
    ends = [End(number.to_bytes(4, "big"), Counts(), counted(1).last_run) for number in range(KEPT_MARKS)]
    busy = dict.fromkeys(("fired", "succeeded", "failed", "timed_out", "misfired", "retried", "timed"), 3600)
    counts = Counts(**busy, lateness_ms=36_000_000, duration_ms=3_600_000_000)
    full = HourStats(KEY, counts).counting(ends)
    stats = DynamoStats(dynamo.database)
    stats.save(full)

    [row] = dynamo.client.scan(TableName="SchedulesTable")["Items"]
    size = sum(len(name) + len(next(iter(value.values()))) for name, value in row.items())
    assert size <= 1024
    assert stats.read_many([KEY]) == {KEY: full}


def test_a_stats_row_that_cannot_be_read_is_told_and_left_out(dynamo):
    stats = DynamoStats(dynamo.database)
    stats.save(counted(1))
    key = {"schedule_id": {"S": "nightly-etl"}, "part": {"S": "s2026112202"}}
    dynamo.client.put_item(TableName="SchedulesTable", Item={**key, "counts": {"S": "{"}})

    assert stats.read_many([KEY]) == {KEY: None}
    assert stats.between("nightly-etl", HOUR, HOUR) == []


def test_a_backfill_comes_back_as_it_was_written(progress):
    whole = backfill(
        order=Order.NEWEST, reprocess=Reprocess.FAILED, max_concurrent=7, looked_at=4, open=("20261113T013000Z",),
        succeeded=1, failed=2, not_run=3, version=5,
    )  # fmt: skip
    progress.backfills.create(whole, audit())
    assert progress.backfills.get("nightly-etl", whole.backfill_id) == whole


def test_a_backfill_moves_on_from_the_version_that_was_read(progress):
    first = backfill()
    progress.backfills.create(first, audit())
    second = replace(first, looked_at=3, version=2)
    progress.backfills.save(first, second)

    with pytest.raises(LostRace):
        progress.backfills.save(first, replace(first, looked_at=1, version=2))
    assert progress.backfills.get("nightly-etl", first.backfill_id) == second


@pytest.mark.parametrize("state", [BackfillState.ACTIVE, BackfillState.CANCELLED])
def test_the_id_of_a_backfill_is_used_once_even_after_its_end(progress, state):
    first = backfill(state=state)
    progress.backfills.create(first, audit())
    with pytest.raises(LostRace):
        progress.backfills.create(backfill(created_by="bob"), audit())
    assert progress.backfills.get("nightly-etl", first.backfill_id) == first


def test_a_save_with_its_audit_row_is_done_once_however_often_it_is_repeated(progress):
    first, entry = backfill(), audit()
    progress.backfills.create(first, audit())
    over = replace(first.closed(BackfillState.CANCELLED, NOW, "cancelled by ada"), version=2)

    for _ in range(2):
        progress.backfills.save(first, over, entry)

    assert progress.backfills.get("nightly-etl", first.backfill_id) == over


def test_only_active_backfills_are_looked_for_and_they_are_no_due_schedules(progress):
    active = [backfill(backfill_id=f"20261122t02000{number}z-abcdef") for number in range(3)]
    for each in active:
        progress.backfills.create(each, audit())
    saved(progress, schedule())
    done = replace(active[1].closed(BackfillState.DONE, NOW), version=2)
    progress.backfills.save(active[1], done)

    ids = [("nightly-etl", active[0].backfill_id), ("nightly-etl", active[2].backfill_id)]
    assert sorted(progress.backfills.active(10)) == ids
    assert {each.backfill_id for each in progress.backfills.active_of("nightly-etl")} == {
        ids[0][1],
        ids[1][1],
    }
    due = [
        row.schedule_id
        for shard in range(3)
        for page in progress.schedules.due_before(shard, NOW + timedelta(days=1))
        for row in page
    ]
    assert due == ["nightly-etl"]


def test_backfills_are_listed_newest_first_beside_their_schedule(progress):
    for number in range(3):
        progress.backfills.create(backfill(backfill_id=f"20261122t02000{number}z-abcdef"), audit())
    saved(progress, schedule())

    page = progress.backfills.page("nightly-etl", 2)
    rest = progress.backfills.page("nightly-etl", 2, page.next_key)

    found = [each.backfill_id[14] for each in (*page.items, *rest.items)]
    assert found == ["2", "1", "0"]
    assert progress.schedules.head("nightly-etl").schedule_id == "nightly-etl"


def test_a_backfill_that_is_not_there_is_said_to_be_missing(progress):
    with pytest.raises(BackfillNotFound, match="nightly-etl has no backfill"):
        progress.backfills.get("nightly-etl", "20261122t020000z-abcdef")


def test_a_backfill_that_cannot_be_read_is_told_and_left_out_of_lists(dynamo):
    backfills = DynamoBackfills(dynamo.database)
    backfills.create(backfill(), audit())
    [row] = dynamo.client.scan(TableName="SchedulesTable")["Items"]
    dynamo.client.put_item(TableName="SchedulesTable", Item={**row, "open": {"S": "["}})

    with pytest.raises(MalformedRow, match="open"):
        backfills.get("nightly-etl", "20261122t020000z-abcdef")
    assert backfills.page("nightly-etl", 5).items == ()


def test_the_states_of_runs_come_by_key_within_the_range_of_their_moments(progress):
    hours = [NOW + timedelta(hours=number) for number in range(4)]
    put(progress, *(run(fire_at=hour) for hour in hours[:2]), ended(fire_at=hours[2]), run(fire_at=hours[3]))
    again = RunId("nightly-etl", "20261122T040000Z~b20261122t020000z-abcdef")
    put(progress, ended(fire_at=hours[2], run_id=again, state=RunState.SUCCEEDED), run("other", hours[1]))

    assert progress.states.between("nightly-etl", hours[1], hours[2]) == {
        "20261122T030000Z": RunState.QUEUED,
        "20261122T040000Z": RunState.FAILED,
        again.run_key: RunState.SUCCEEDED,
    }


def test_unfinished_runs_come_by_their_wake_time_page_by_page_and_ended_ones_never(progress):
    name = "nightly-etl"
    rows = [run(name, NOW + timedelta(minutes=n), wake_at=NOW + timedelta(minutes=10 - n)) for n in range(3)]
    put(progress, *rows, ended(name, NOW + timedelta(minutes=7)))
    shard = shard_of(name, SHARDS)
    first = progress.states.unfinished(shard, 2)
    rest = progress.states.unfinished(shard, 2, first.next_key)
    assert [*first.items, *rest.items] == [row.run_id for row in reversed(rows)]
    assert all(progress.states.unfinished(other, 9).items == () for other in range(SHARDS) if other != shard)
