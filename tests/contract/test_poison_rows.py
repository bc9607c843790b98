"""Rows that nobody can read: each is told by name, taken out of the way, and stops nobody else."""

from dataclasses import replace

import pytest

from carillon.adapters.dynamo.runs import DynamoRuns
from carillon.adapters.dynamo.schedules import DynamoSchedules
from carillon.domain.errors import LostRace, MalformedRow
from carillon.domain.moments import to_ms
from carillon.domain.run import RunState
from carillon.domain.schedule import ScheduleState
from carillon.ports.schedules import BrokenRow
from tests.contract.builders import NOW, change, ended, minutes, run, schedule
from tests.contract.conftest import SHARDS
from tests.fakes.shards import shard_of


@pytest.fixture
def schedules(dynamo):
    return DynamoSchedules(dynamo.database)


@pytest.fixture
def runs(dynamo):
    return DynamoRuns(dynamo.database)


POISON = {
    "timetable is no json": {"timetable": {"S": "{"}},
    "timetable is a list": {"timetable": {"S": "[]"}},
    "expression is a number": {"timetable": {"S": '{"expression":5}'}},
    "timetable is missing": {"timetable": None},
    "anchor is beyond time": {"timetable": {"S": '{"expression":"@daily","anchor":99999999999999999999}'}},
    "policies are wrong": {"policies": {"S": '{"overlap":"sometimes"}'}},
    "state is unknown": {"state": {"S": "asleep"}},
    "version is a text": {"head_version": {"S": "two"}},
    "next fire time is beyond time": {"next_fire_at": {"N": "1" + "0" * 30}},
    "fires left is half": {"fires_left": {"N": "1.5"}},
}


def poison(dynamo, schedule_id, attributes):
    key = {"schedule_id": {"S": schedule_id}, "part": {"S": "head"}}
    item = dynamo.client.get_item(TableName="SchedulesTable", Key=key)["Item"] | attributes
    kept = {name: value for name, value in item.items() if value is not None}
    dynamo.client.put_item(TableName="SchedulesTable", Item=kept)


@pytest.mark.parametrize("attributes", POISON.values(), ids=POISON.keys())
def test_a_poison_row_in_the_due_index_is_told_and_stops_nobody(dynamo, schedules, attributes):
    bad, good = (
        "bad",
        next(f"s{n}" for n in range(99) if shard_of(f"s{n}", SHARDS) == shard_of("bad", SHARDS)),
    )
    for name in (bad, good):
        schedules.write(change(None, schedule(name)))
    poison(dynamo, bad, attributes)
    shard = shard_of(bad, SHARDS)
    (found,) = list(schedules.due_before(shard, NOW))
    by_id = {row.schedule_id: row for row in found}
    broken = by_id[bad]
    assert isinstance(broken, BrokenRow)
    assert next(iter(attributes)) in broken.reason
    assert by_id[good].schedule_id == good
    with pytest.raises(MalformedRow, match=f"Schedule {bad}"):
        schedules.head(bad)
    schedules.mark_broken(broken, NOW)
    (left,) = list(schedules.due_before(shard, NOW))
    assert [row.schedule_id for row in left] == [good]


def test_a_poison_head_is_left_out_of_a_batch(dynamo, schedules):
    schedules.write(change(None, schedule("bad")))
    good = schedule("good")
    schedules.write(change(None, good))
    poison(dynamo, "bad", {"timetable": {"S": "{"}})
    assert schedules.heads(["bad", "good"]) == {"good": good}


def test_a_head_that_was_mended_meanwhile_is_not_marked_broken(dynamo, schedules):
    head = schedule()
    schedules.write(change(None, head))
    schedules.mark_broken(BrokenRow("nightly-etl", int(NOW.timestamp() * 1000), "was unreadable"), NOW)
    assert schedules.head("nightly-etl") == head


def test_a_poison_head_that_has_moved_is_not_marked_broken(dynamo, schedules):
    schedules.write(change(None, schedule()))
    poison(dynamo, "nightly-etl", {"timetable": {"S": "{"}})
    schedules.mark_broken(BrokenRow("nightly-etl", 12345, "was unreadable"), NOW)
    due = [row for shard in range(SHARDS) for page in schedules.due_before(shard, NOW) for row in page]
    assert [row.schedule_id for row in due] == ["nightly-etl"]


@pytest.mark.parametrize("moved", ["head_version", "due_at"])
def test_a_head_that_is_mended_between_the_look_and_the_mark_is_not_marked_broken(dynamo, schedules, moved):
    schedules.write(change(None, schedule()))
    poison(dynamo, "nightly-etl", {"timetable": {"S": "{"}})
    mended = {"timetable": {"S": '{"expression":"@daily"}'}, moved: {"N": "2"}}

    def mend(request):
        """Comes with the update, after the read."""
        poison(dynamo, "nightly-etl", mended)

    dynamo.wire.faults += [lambda request: None, mend]
    schedules.mark_broken(BrokenRow("nightly-etl", int(NOW.timestamp() * 1000), "unreadable"), NOW)
    assert schedules.head("nightly-etl").state is ScheduleState.ACTIVE


def test_a_broken_head_says_so_in_the_table(dynamo, schedules):
    schedules.write(change(None, schedule()))
    poison(dynamo, "nightly-etl", {"timetable": {"S": "{"}})
    schedules.mark_broken(BrokenRow("nightly-etl", int(NOW.timestamp() * 1000), "unreadable"), NOW)
    key = {"schedule_id": {"S": "nightly-etl"}, "part": {"S": "head"}}
    item = dynamo.client.get_item(TableName="SchedulesTable", Key=key)["Item"]
    assert (item["state"]["S"], item["state_reason"]["S"]) == (ScheduleState.BROKEN, "unreadable")


@pytest.mark.parametrize(
    "attributes",
    [
        {"state": {"S": "LOST"}},
        {"events": {"S": "none"}},
        {"events": {"L": [{"S": "x"}]}},
        {"attempt": {"S": "1"}},
    ],
    ids=["state", "events", "event", "attempt"],
)
def test_a_poison_run_is_named_alone_and_left_out_among_others(dynamo, runs, attributes):
    bad, good = run(), run(fire_at=NOW + minutes(1))
    for row in (bad, good):
        runs.put_if_absent(row)
    key = {"schedule_id": {"S": "nightly-etl"}, "run_key": {"S": bad.run_id.run_key}}
    item = dynamo.client.get_item(TableName="RunsTable", Key=key)["Item"] | attributes
    dynamo.client.put_item(TableName="RunsTable", Item=item)
    with pytest.raises(MalformedRow, match=str(bad.run_id)):
        runs.get(bad.run_id)
    assert runs.get_many([bad.run_id, good.run_id]) == [good]
    assert runs.of_schedule("nightly-etl", 9).items == (good,)
    with pytest.raises(LostRace):
        runs.transition(replace(bad, claim_id="c", state=RunState.WAITING), ended())


def poison_run(dynamo, row, attributes):
    key = {"schedule_id": {"S": row.run_id.schedule_id}, "run_key": {"S": row.run_id.run_key}}
    item = dynamo.client.get_item(TableName="RunsTable", Key=key)["Item"] | attributes
    dynamo.client.put_item(TableName="RunsTable", Item=item)
    return key


def test_a_poison_run_leaves_the_front_of_the_wake_index_with_its_reason_and_stays_in_it(dynamo, runs):
    bad, shard = run(), shard_of("nightly-etl", SHARDS)
    runs.put_if_absent(bad)
    key = poison_run(dynamo, bad, {"state": {"S": "LOST"}})
    why = runs.put_off_unreadable(bad.run_id, NOW + minutes(15))
    assert "LOST" in why
    assert runs.wake_before(shard, NOW + minutes(14), 9) == []
    assert runs.wake_before(shard, NOW + minutes(15), 9) == [bad.run_id]
    assert dynamo.client.get_item(TableName="RunsTable", Key=key)["Item"]["unreadable"]["S"] == why


def test_a_poison_run_that_can_be_read_again_goes_on(dynamo, runs):
    bad = run()
    runs.put_if_absent(bad)
    poison_run(dynamo, bad, {"state": {"S": "LOST"}})
    runs.put_off_unreadable(bad.run_id, NOW + minutes(15))
    poison_run(dynamo, bad, {"state": {"S": "QUEUED"}})
    found = runs.get(bad.run_id)
    assert found == replace(bad, wake_at=NOW + minutes(15))
    assert runs.transition(found, replace(found, wake_at=NOW + minutes(16)), held_wake=True)


def test_a_run_that_can_be_read_or_is_not_there_is_not_put_off(dynamo, runs):
    good = run()
    runs.put_if_absent(good)
    assert runs.put_off_unreadable(good.run_id, NOW + minutes(15)) is None
    assert runs.put_off_unreadable(run("nobody").run_id, NOW + minutes(15)) is None
    assert runs.get(good.run_id) == good


def test_a_poison_run_that_moves_between_the_look_and_the_write_is_not_put_off(dynamo, runs):
    bad = run()
    runs.put_if_absent(bad)
    poison_run(dynamo, bad, {"state": {"S": "LOST"}})

    def mend(request):
        """Comes with the update, after the read."""
        poison_run(dynamo, bad, {"state": {"S": "QUEUED"}})

    dynamo.wire.faults += [lambda request: None, mend]
    assert runs.put_off_unreadable(bad.run_id, NOW + minutes(15)) is None
    assert runs.get(bad.run_id) == bad


def test_a_poison_run_that_another_sweep_puts_off_meanwhile_is_told_by_that_one_alone(dynamo, runs):
    bad, later = run(), NOW + minutes(20)
    runs.put_if_absent(bad)
    poison_run(dynamo, bad, {"state": {"S": "LOST"}})

    def put_off(request):
        """Comes with the update, after the read."""
        poison_run(dynamo, bad, {"wake_at": {"N": str(to_ms(later))}})

    dynamo.wire.faults += [lambda request: None, put_off]
    assert runs.put_off_unreadable(bad.run_id, NOW + minutes(15)) is None
    assert runs.oldest_wake(shard_of("nightly-etl", SHARDS)) == later
