"""What rows weigh: a write unit is a kilobyte begun, and an index entry is written with every claim."""

from dataclasses import replace
from datetime import timedelta

from carillon.adapters.dynamo.head_item import head_item
from carillon.adapters.dynamo.run_item import run_item
from carillon.domain.run import RunState
from carillon.domain.schedule import Misfire, Policies, TimetableSpec
from tests.contract.builders import NOW, minutes, run, schedule
from tests.contract.tables import declared

KEPT = timedelta(days=30)
LONGEST_ID = "a" * 64


def weight(value):
    """Bytes of a value by DynamoDB's published rules."""
    ((kind, content),) = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        return (len(content.strip("0").lstrip("-")) + 1) // 2 + 1
    if kind == "BOOL":
        return 1
    parts = content if kind == "L" else content.values()
    names = 0 if kind == "L" else sum(len(name) for name in content)
    return 3 + names + sum(1 + weight(part) for part in parts)


def size(item):
    return sum(len(name) + weight(value) for name, value in item.items())


def default_life():
    """A default run from its claim to its success, as the services tell it."""
    queued = run(LONGEST_ID).noted(NOW - minutes(2), "Claimed for 2026-11-22T02:00:00Z.")
    running = replace(
        queued,
        state=RunState.RUNNING,
        attempt=1,
        claim_id="f" * 32,
        lease_until=NOW + minutes(6),
        revision=12345,
        started_at=NOW + timedelta(milliseconds=123),
    ).noted(NOW, "Attempt 1 started.")
    done = replace(
        running, state=RunState.SUCCEEDED, ended_at=NOW + timedelta(milliseconds=456), wake_at=None
    )
    return queued, running, done.noted(NOW, "The target answered 200 in 333 ms.", 333)


def test_a_default_run_weighs_less_than_a_kilobyte_all_its_life():
    sizes = [size(run_item(row, 1, KEPT)) for row in default_life()]
    assert max(sizes) < 1024, sizes


def test_a_due_entry_of_a_usual_schedule_weighs_a_third_of_a_kilobyte():
    timetable = TimetableSpec("*/15 8-18 * * 1-5", zone="America/Argentina/Buenos_Aires", jitter_seconds=30)
    head = schedule(
        timetable=timetable, policies=Policies(misfire=Misfire(600)), owner="user:ada", active_since=NOW
    )
    item = head_item(head, 16)
    indexes = declared()["SchedulesTable"]["GlobalSecondaryIndexes"]
    (due,) = [index for index in indexes if index["IndexName"] == "due"]
    shown = {"schedule_id", "part", "due_shard", "due_at", *due["Projection"]["NonKeyAttributes"]}
    assert size({name: value for name, value in item.items() if name in shown}) < 340


def test_the_due_index_shows_every_attribute_that_a_plan_needs():
    indexes = declared()["SchedulesTable"]["GlobalSecondaryIndexes"]
    (due,) = [index for index in indexes if index["IndexName"] == "due"]
    assert set(due["Projection"]["NonKeyAttributes"]) >= {
        "timetable",
        "policies",
        "head_version",
        "created_at",
    }


def test_a_terminal_row_has_an_end_an_expiry_and_no_wake_up():
    *_, done = default_life()
    item = run_item(done, 1, KEPT)
    assert item["ended_at"]["N"] == "1795312800456"
    assert item["expires_at"]["N"] == str(1795312800 + 30 * 86400)
    assert not {"wake_at", "wake_shard", "failed_at", "failed_shard"} & item.keys()


def test_a_start_and_a_note_touch_no_index(dynamo):
    """Moving an index key costs two more writes; starting must not."""
    from carillon.adapters.dynamo.runs import DynamoRuns

    queued, running, _ = default_life()
    runs = DynamoRuns(dynamo.database)
    runs.put_if_absent(queued)
    runs.transition(queued, running)
    body = dynamo.wire.requests[-1].body.decode()
    assert "wake" not in body
    assert "shard" not in body
