"""What DynamoDB's faults become: lost answers, throttling, outages, conflicts, rows that nobody can read."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from carillon.adapters.dynamo.access import DynamoAccess
from carillon.adapters.dynamo.facts import DynamoFacts
from carillon.adapters.dynamo.runs import DynamoRuns
from carillon.adapters.dynamo.schedules import DynamoSchedules
from carillon.domain.claim import ClaimFault, ClaimVerdict
from carillon.domain.errors import CarillonError, Throttled, Unavailable
from carillon.domain.run import RunState
from tests.contract.builders import NOW, audit, change, claim, ended, minutes, run, schedule


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


def test_whatever_decides_is_read_consistently(dynamo, schedules, runs):
    row = run()
    runs.get(row.run_id)
    runs.get_many([row.run_id])
    runs.queued_between("nightly-etl", NOW, NOW)
    schedules.head("nightly-etl")
    DynamoAccess(dynamo.database).user("ada")
    DynamoFacts(dynamo.database).read("nonce", NOW)
    bodies = [request.body.decode() for request in dynamo.wire.requests]
    assert len(bodies) == 6
    assert all('"ConsistentRead": true' in body for body in bodies)


@pytest.mark.parametrize(("told", "kept"), [(1, 7), (7, 7), (30, 30)])
def test_rows_stand_for_seven_days_at_least_whatever_is_told(dynamo, told, kept):
    assert replace(dynamo.database, retention_days=told).kept == timedelta(days=kept)
