"""What DynamoDB's faults become: lost answers, throttling, outages, conflicts, rows that nobody can read."""

import json
from dataclasses import replace

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from carillon.adapters.dynamo.runs import DynamoRuns
from carillon.adapters.dynamo.schedules import DynamoSchedules
from carillon.domain.claim import ClaimFault, ClaimVerdict
from carillon.domain.errors import CarillonError, LostRace, MalformedRow, Throttled, Unavailable
from carillon.domain.run import RunState
from carillon.domain.schedule import ScheduleState
from carillon.ports import BrokenRow
from tests.contract.builders import NOW, audit, change, claim, ended, minutes, run, schedule
from tests.contract.conftest import SHARDS
from tests.fakes.shards import shard_of


@pytest.fixture
def schedules(dynamo):
    return DynamoSchedules(dynamo.database)


@pytest.fixture
def runs(dynamo):
    return DynamoRuns(dynamo.database)


def error(code, **more):
    return json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "No.", **more})


def cancelled(*codes):
    reasons = [{"Code": code} for code in codes]
    return error("TransactionCanceledException", CancellationReasons=reasons)


@pytest.mark.parametrize(
    "code",
    [
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionInProgressException",
        "TransactionConflictException",
    ],
)
def test_a_call_for_a_slower_pace_is_throttled(dynamo, runs, code):
    dynamo.wire.fail(400, error(code))
    with pytest.raises(Throttled, match=code) as caught:
        runs.get(run().run_id)
    assert caught.value.retryable


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_fault_is_unavailable(dynamo, runs, status):
    dynamo.wire.fail(status, error("InternalServerError"))
    with pytest.raises(Unavailable):
        runs.get(run().run_id)


@pytest.mark.parametrize("fault", [ConnectTimeoutError, ReadTimeoutError])
def test_a_timeout_is_unavailable(dynamo, runs, fault):
    def drop(request):
        raise fault(endpoint_url=request.url)

    dynamo.wire.faults.append(drop)
    with pytest.raises(Unavailable):
        runs.get(run().run_id)


def test_a_refusal_is_told_with_its_reason_and_not_retryable(dynamo, runs):
    dynamo.wire.fail(400, error("AccessDeniedException"))
    with pytest.raises(CarillonError, match=r"GetItem: AccessDeniedException: No\.") as caught:
        runs.get(run().run_id)
    assert not caught.value.retryable


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
@pytest.mark.parametrize("action", [0, 1])
def test_a_busy_action_is_a_conflict_of_its_own_claim_only(dynamo, schedules, code, action):
    claims = [claim(schedule("one"), run("one")), claim(schedule("two"), run("two"))]
    codes = ["None"] * 4
    codes[action] = code
    dynamo.wire.fail(400, cancelled(*codes))
    assert schedules.commit(claims) == [ClaimVerdict(ClaimFault.CONFLICT), ClaimVerdict(ClaimFault.NONE)]


def test_a_lost_head_wins_over_a_conflict_and_a_conflict_over_an_existing_row(dynamo, schedules):
    claims = [
        claim(schedule("one"), run("one")),
        claim(schedule("two"), run("two"), run("two", NOW + minutes(1))),
    ]
    dynamo.wire.fail(
        400,
        cancelled(
            "TransactionConflict",
            "ConditionalCheckFailed",
            "ConditionalCheckFailed",
            "TransactionConflict",
            "None",
        ),
    )
    assert schedules.commit(claims) == [
        ClaimVerdict(ClaimFault.LOST),
        ClaimVerdict(ClaimFault.CONFLICT, frozenset({run("two").run_id})),
    ]


def test_a_claim_that_dynamodb_refuses_is_an_error_and_no_verdict(dynamo, schedules):
    dynamo.wire.fail(400, cancelled("ValidationError", "None"))
    with pytest.raises(CarillonError, match="ValidationError"):
        schedules.commit([claim(schedule(), run())])


def test_every_transaction_has_a_token_of_its_own(dynamo, schedules):
    head = schedule()
    schedules.write(change(None, head))
    schedules.commit([claim(head, run())])
    schedules.commit([claim(head, run())])
    bodies = [json.loads(request.body) for request in dynamo.wire.requests]
    tokens = [body["ClientRequestToken"] for body in bodies if "TransactItems" in body]
    assert len(set(tokens)) == 3


def test_a_conflict_of_an_operators_write_is_throttled(dynamo, schedules):
    dynamo.wire.fail(400, cancelled("None", "TransactionConflict"))
    with pytest.raises(Throttled):
        schedules.write(change(None, schedule()))


def test_a_start_whose_answer_was_lost_succeeds(dynamo, runs):
    queued = run()
    runs.put_if_absent(queued)
    started = replace(queued, state=RunState.RUNNING, attempt=1, claim_id="mine")
    dynamo.wire.faults.append(dynamo.wire.repeat)
    assert runs.transition(queued, started) == started


def test_a_finish_whose_answer_was_lost_succeeds(dynamo, runs):
    running = run(state=RunState.RUNNING, attempt=1, claim_id="mine")
    runs.put_if_absent(running)
    done = ended(state=RunState.SUCCEEDED, attempt=1, claim_id="mine")
    dynamo.wire.faults.append(dynamo.wire.repeat)
    assert runs.transition(running, done) == done


def test_a_sweep_whose_answer_was_lost_succeeds_and_its_event_is_told_once(dynamo, runs):
    running = run(state=RunState.RUNNING, attempt=1, claim_id="worker").noted(NOW, "Started")
    runs.put_if_absent(running)
    expired = replace(running, state=RunState.RETRYING, claim_id="sweep", wake_at=NOW + minutes(9))
    expired = expired.noted(NOW, "Lost")
    dynamo.wire.faults.append(dynamo.wire.repeat)
    assert runs.transition(running, expired, held_wake=True) == expired


def test_a_trigger_whose_answer_was_lost_has_created_its_row(dynamo, runs):
    dynamo.wire.faults.append(dynamo.wire.repeat)
    assert runs.put_if_absent(run(), audit())


def test_an_edit_whose_answer_was_lost_was_written(dynamo, schedules):
    head = schedule()
    schedules.write(change(None, head))
    after = replace(head, head_version=2, next_fire_at=NOW + minutes(1))
    dynamo.wire.faults.append(dynamo.wire.repeat)
    assert schedules.write(change(head, after, runs=(ended(),))) is None
    assert schedules.head("nightly-etl") == after


def test_keys_that_a_batch_leaves_unprocessed_are_asked_for_again(dynamo, runs):
    rows = [run(fire_at=NOW + minutes(n)) for n in range(3)]
    for row in rows:
        runs.put_if_absent(row)
    keys = [{"schedule_id": {"S": "nightly-etl"}, "run_key": {"S": row.run_id.run_key}} for row in rows]
    left = {"Responses": {}, "UnprocessedKeys": {"RunsTable": {"Keys": keys, "ConsistentRead": True}}}
    dynamo.wire.fail(200, json.dumps(left))
    assert runs.get_many([row.run_id for row in rows]) == rows
    assert len(dynamo.clock.slept) == 1


def test_keys_that_stay_unprocessed_are_throttled(dynamo, runs):
    keys = [{"schedule_id": {"S": "nightly-etl"}, "run_key": {"S": run().run_id.run_key}}]
    left = {"Responses": {}, "UnprocessedKeys": {"RunsTable": {"Keys": keys}}}
    for _ in range(5):
        dynamo.wire.fail(200, json.dumps(left))
    with pytest.raises(Throttled):
        runs.get_many([run().run_id])


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
