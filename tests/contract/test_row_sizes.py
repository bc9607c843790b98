"""What rows weigh: a write unit is a kilobyte begun, and an index entry is written with every claim."""

from dataclasses import replace
from datetime import timedelta

import pytest

from carillon.adapters.dynamo.head_item import head_item
from carillon.adapters.dynamo.outputs import DynamoOutputs
from carillon.adapters.dynamo.run_item import run_item
from carillon.adapters.dynamo.runs import DynamoRuns
from carillon.adapters.dynamo.timetable_text import read_policies, read_timetable, write_policies
from carillon.domain.job_definition import LONGEST_WORKFLOW_SECONDS
from carillon.domain.lifecycle import finish, start
from carillon.domain.new_run import queued
from carillon.domain.outcome import Outcome, OutcomeKind, retryable
from carillon.domain.retry import RetryDecision
from carillon.domain.run import Origin
from carillon.domain.run_id import RunId
from carillon.domain.schedule import CatchUp, Misfire, Overlap, Policies, ScheduleState, TimetableSpec
from carillon.domain.trace import Trace
from tests.contract.builders import NOW, minutes, schedule
from tests.contract.tables import declared

KEPT = timedelta(days=30)
LONGEST_ID = "a" * 64
NIGHTLY = RunId.of_fire_time("nightly-export", NOW)


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


def claimed():
    run_id = RunId.of_fire_time(LONGEST_ID, NOW)
    told = "claimed for 2026-11-22T02:00:00Z"
    return queued(run_id, 1, Origin.FIRE, fire_at=NOW, now=NOW - minutes(2), message=told)


def begun(row, at):
    return start(row, at, claim_id="f" * 32, lease_until=at + minutes(6), revision=12345)


def default_life():
    """A default run from its claim to its success."""
    row = claimed()
    running = begun(row, NOW + timedelta(milliseconds=123))
    outcome = Outcome(OutcomeKind.SUCCESS, "POST https://hooks.example.com answered 200", status=200)
    decision = RetryDecision(None, "it succeeded")
    return row, running, finish(running, outcome, decision, NOW + timedelta(milliseconds=456))


def failing_life():
    """A default run that fails in all of its three attempts."""
    row = claimed()
    yield row
    for number in (1, 2, 3):
        now = NOW + minutes(number)
        row = begun(row, now)
        yield row
        not_before = now + timedelta(seconds=2) if number < 3 else None
        decision = RetryDecision(not_before, f"attempt {number + 1} of 3 follows")
        row = finish(row, retryable("http_503", "POST https://hooks.example.com answered 503"), decision, now)
        yield row


def test_a_default_run_weighs_less_than_a_kilobyte_all_its_life():
    sizes = [size(run_item(row, 1, KEPT)) for row in default_life()]
    assert max(sizes) < 640, sizes


def test_even_a_run_that_fails_three_times_fits_into_one_write_unit():
    sizes = [size(run_item(row, 1, KEPT)) for row in failing_life()]
    assert len(sizes) == 7
    assert max(sizes) < 1024, sizes


def test_a_trace_that_a_run_was_given_costs_no_write_unit():
    given = Trace("4bf9" * 8, parent_id="00f0" * 4)
    lives = [default_life(), [replace(row, run_id=NIGHTLY) for row in failing_life()]]
    sizes = [size(run_item(replace(row, given_trace=given), 1, KEPT)) for life in lives for row in life]
    assert max(sizes) < 1024, sizes
    plain = [size(run_item(row, 1, KEPT)) for row in default_life()]
    assert sizes[0] - plain[0] == 57


def test_what_an_absent_name_means_in_a_stored_row_never_changes():
    """Rows leave defaults out: changing one of these in the domain would change schedules that are stored."""
    assert read_timetable('{"expression":"@daily"}') == TimetableSpec(
        "@daily",
        zone="UTC",
        gap="fire",
        fold="once",
        anchor=None,
        starts_at=None,
        ends_at=None,
        max_runs=None,
        jitter_seconds=0,
        calendars=(),
        also_at=(),
    )
    misfire = Misfire(grace_seconds=300, catch_up=CatchUp.NONE, max_catch_up=10)
    stored = read_policies('{"overlap":"skip"}')
    assert stored == Policies(Overlap.SKIP, max_concurrent=None, max_queued=10, misfire=misfire)
    assert write_policies(stored) == "{}"


def test_names_of_a_newer_version_are_passed_over():
    assert read_timetable('{"expression":"@daily","moon":"full"}') == TimetableSpec("@daily")


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


@pytest.mark.parametrize(
    ("origin", "suffix"), [(Origin.STEP, ".extract"), (Origin.COMPENSATION, ".extract~undo")]
)
def test_a_step_stays_until_the_longest_workflow_has_surely_ended(origin, suffix):
    *_, done = default_life()
    plain = run_item(done, 1, KEPT)
    below = replace(done, origin=origin, run_id=RunId(done.run_id.schedule_id, done.run_id.run_key + suffix))
    item = run_item(below, 1, KEPT)
    assert int(item["expires_at"]["N"]) - int(plain["expires_at"]["N"]) >= 2 * LONGEST_WORKFLOW_SECONDS


def test_what_steps_read_stays_as_long_as_they_may(dynamo):
    outputs = DynamoOutputs(dynamo.database)
    plain = queued(
        RunId.of_trigger("etl", NOW, "k3f9x2mq"), 1, Origin.MANUAL, fire_at=NOW, now=NOW, message=""
    )
    step = replace(plain, origin=Origin.STEP, run_id=RunId("etl", f"{plain.run_id.run_key}.extract"))
    given = RunId.of_trigger("etl", NOW, "k3f9x2mq", has_payload=True)
    for run in (plain, step, replace(plain, run_id=given.payload)):
        outputs.keep(run, {"rows": 7}, NOW)
    expiries = sorted(
        int(item["expires_at"]["N"]) for item in dynamo.client.scan(TableName="RunsTable")["Items"]
    )
    assert [each - expiries[0] for each in expiries] == [0, *[2 * LONGEST_WORKFLOW_SECONDS] * 2]


def test_a_start_and_a_note_touch_no_index(dynamo):
    """Moving an index key costs two more writes; starting must not."""
    row, running, _ = default_life()
    runs = DynamoRuns(dynamo.database)
    runs.put_if_absent(row)
    runs.transition(row, running)
    body = dynamo.wire.requests[-1].body.decode()
    assert "wake" not in body
    assert "shard" not in body


def test_a_row_outlives_its_end_by_a_week_whatever_was_asked_for(dynamo):
    assert replace(dynamo.database, retention_days=1).kept == timedelta(days=7)
    assert replace(dynamo.database, retention_days=90).kept == timedelta(days=90)


def test_an_index_key_stands_only_where_the_index_wants_the_row():
    assert {"due_shard", "due_at", "catalog_shard"} <= head_item(schedule(), 1).keys()
    assert "due_shard" not in head_item(schedule(due_at=None), 1)
    assert "catalog_shard" not in head_item(schedule(state=ScheduleState.DELETED), 1)
