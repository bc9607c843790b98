"""Cancel, retry, callbacks and outputs of runs, as clients and targets use them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from carillon.domain.callback import Callback, token_hash
from carillon.domain.run import RunState
from carillon.domain.run_id import RunId

TOKEN = "5f0c1d2e3b4a59687786a5b4c3d2e1f0"  # pragma: allowlist secret
HEADER = {"carillon-callback-token": TOKEN}


@pytest.fixture
def run(world):
    """The path of a queued run."""
    world.create(timetable={"expression": "* * * * *"})
    world.run_id = next(iter(world.database.runs))
    return f"/v1/runs/{str(world.run_id).replace('@', '%40')}"


def bring(world, state, **changes):
    """Puts the run into a state, as its services would."""
    row = world.database.runs[world.run_id]
    if state is RunState.WAITING:
        due_at = world.clock.now() + timedelta(hours=1)
        changes["callback"] = Callback(token_hash=token_hash(world.run_id, TOKEN), due_at=due_at)
    if state.is_terminal:
        changes |= {"wake_at": None, "ended_at": world.clock.now()}
    world.database.runs[world.run_id] = replace(row, state=state, attempt=1, revision=1, **changes)


def test_a_queued_run_is_cancelled_at_once_and_on_record(world, run):
    answer = world.call("POST", f"{run}/cancel")
    assert (answer.status, answer.json["state"]) == (200, "CANCELLED")
    assert world.actions[-1] == "run.cancel"
    assert world.call("POST", f"{run}/cancel").status == 200


def test_a_running_run_is_asked_to_stop(world, run):
    bring(world, RunState.RUNNING, claim_id="c1")
    answer = world.call("POST", f"{run}/cancel")
    assert (answer.status, answer.json["state"]) == (202, "RUNNING")
    assert world.database.runs[world.run_id].cancel_requested_at == world.clock.now()


def test_an_ended_run_cannot_be_cancelled(world, run):
    bring(world, RunState.SUCCEEDED)
    answer = world.call("POST", f"{run}/cancel")
    assert (answer.status, answer.code) == (409, "run_ended")


def test_a_run_that_is_taken_back_cannot_be_cancelled_and_is_told_what_can(world, run):
    bring(world, RunState.COMPENSATING)
    answer = world.call("POST", f"{run}/cancel")
    assert (answer.status, answer.code) == (409, "wrong_state")
    assert "Cancel the compensation that is under way" in answer.json["detail"]
    again = world.call("POST", f"{run}/retry")
    assert (again.code, "cancel" in again.json["detail"]) == ("run_unfinished", False)


def test_an_ended_run_is_run_again_beside_the_old_one(world, run):
    bring(world, RunState.FAILED)
    answer = world.call("POST", f"{run}/retry")
    assert (answer.status, answer.json["run_id"]) == (202, f"{world.run_id}~r1")
    again = world.call("GET", answer.headers["location"].replace("@", "%40")).json
    assert (again["retry_of"], again["origin"], again["state"]) == (str(world.run_id), "manual", "QUEUED")
    old = world.database.runs[world.run_id]
    new = world.database.runs[RunId.parse(again["run_id"])]
    assert old.state is RunState.FAILED
    assert (new.fire_at, new.not_before) == (old.fire_at, world.clock.now())
    assert world.queue.sent[-1].dispatch.run_id == new.run_id
    assert world.actions[-1] == "run.retry"


def test_repetitions_are_counted_whichever_of_them_is_repeated(world, run):
    bring(world, RunState.UNKNOWN)
    first = world.call("POST", f"{run}/retry").json["run_id"]
    second = world.call("POST", f"{run}/retry").json["run_id"]
    row = world.database.runs[RunId.parse(first)]
    world.database.runs[row.run_id] = replace(
        row, state=RunState.FAILED, wake_at=None, ended_at=world.clock.now()
    )
    third = world.call("POST", f"/v1/runs/{first.replace('@', '%40')}/retry").json
    assert [second, third["run_id"]] == [f"{world.run_id}~r2", f"{world.run_id}~r3"]


def test_a_triggered_run_is_repeated_under_its_own_tail(world):
    world.create()
    made = world.call("POST", "/v1/schedules/nightly-etl/trigger").json["run_id"]
    row = world.database.runs[RunId.parse(made)]
    ended = replace(row, state=RunState.FAILED, wake_at=None, ended_at=world.clock.now())
    world.database.runs[row.run_id] = ended
    answer = world.call("POST", f"/v1/runs/{made.replace('@', '%40')}/retry")
    assert answer.json["run_id"] == f"{made}-r1"


def test_an_unfinished_run_is_not_run_again(world, run):
    answer = world.call("POST", f"{run}/retry")
    assert (answer.status, answer.code) == (409, "run_unfinished")
    assert "cancel it" in answer.json["detail"]


@pytest.mark.parametrize("change", [{"skipped_count": 9}, {"generation": 7}], ids=str)
def test_a_row_that_is_no_single_run_of_this_schedule_is_not_run_again(world, run, change):
    bring(world, RunState.SKIPPED, **change)
    answer = world.call("POST", f"{run}/retry")
    assert (answer.status, answer.code) == (409, "run_not_repeatable")


def test_a_run_of_a_deleted_schedule_is_not_run_again(world, run):
    bring(world, RunState.FAILED)
    etag = world.call("GET", "/v1/schedules/nightly-etl").headers["etag"]
    world.call("DELETE", "/v1/schedules/nightly-etl", headers={"if-match": etag})
    assert world.call("POST", f"{run}/retry").code == "schedule_not_found"


def test_a_target_completes_its_run_with_its_token_alone(world, run):
    bring(world, RunState.WAITING)
    answer = world.call("POST", f"{run}/complete", {"output": {"rows": 7}}, token=None, headers=HEADER)
    assert (answer.status, answer.json["state"]) == (200, "SUCCEEDED")
    assert world.call("GET", f"{run}/output").json == {"output": {"rows": 7}}
    again = world.call("POST", f"{run}/complete", {"output": 8}, token=None, headers=HEADER)
    assert again.json == answer.json
    assert world.call("GET", f"{run}/output").json == {"output": {"rows": 7}}


def test_a_body_is_not_needed_to_complete(world, run):
    bring(world, RunState.WAITING)
    assert world.call("POST", f"{run}/complete", token=None, headers=HEADER).json["state"] == "SUCCEEDED"
    assert world.call("GET", f"{run}/output").code == "output_not_found"


def test_a_target_fails_its_run_with_a_reason(world, run):
    bring(world, RunState.WAITING)
    body = {"reason": "disk_full", "message": "no room", "retryable": False}
    answer = world.call("POST", f"{run}/fail", body, token=None, headers=HEADER)
    assert (answer.json["state"], answer.json["reason"]) == ("FAILED", "disk_full")
    assert answer.json["events"][-1]["message"] == "no room"


def test_a_target_says_that_it_lives(world, run):
    bring(world, RunState.WAITING)
    answer = world.call("POST", f"{run}/heartbeat", token=None, headers=HEADER)
    assert (answer.status, answer.json["callback_due_at"]) == (200, "2026-11-22T03:00:00Z")


def test_a_callback_after_the_end_is_a_conflict_with_a_code(world, run):
    bring(world, RunState.WAITING)
    world.call("POST", f"{run}/cancel")
    answer = world.call("POST", f"{run}/complete", token=None, headers=HEADER)
    assert (answer.status, answer.code) == (409, "run_ended")


@pytest.mark.parametrize("token", ["", "0" * 32, "x" * 4000])
def test_a_wrong_callback_token_is_refused_without_telling_what_exists(world, run, token):
    bring(world, RunState.WAITING)
    headers = {"carillon-callback-token": token}
    known = world.call("POST", f"{run}/complete", token=None, headers=headers)
    unknown = world.call("POST", "/v1/runs/other%4020261122T020000Z/complete", token=None, headers=headers)
    assert known.status == 401
    assert known.code == "callback_token_refused"
    assert known.json == unknown.json


def test_no_token_at_all_is_refused(world, run):
    assert world.call("POST", f"{run}/complete", token=None).code == "unauthenticated"


def test_a_callback_token_opens_nothing_but_the_three_addresses(world, run):
    bring(world, RunState.WAITING)
    assert world.call("GET", run, token=None, headers=HEADER).status == 401
    for verb in ("cancel", "retry"):
        assert world.call("POST", f"{run}/{verb}", token=None, headers=HEADER).status == 401


def test_a_bearer_token_goes_first_and_needs_its_permission(world, run):
    bring(world, RunState.WAITING)
    world.add_user("bob")
    answer = world.call("POST", f"{run}/complete", headers=HEADER, token=world.token_of("bob"))
    assert (answer.status, answer.code) == (403, "forbidden")
    assert world.call("POST", f"{run}/complete", headers=HEADER).status == 200
    assert world.actions[-1] == "run.complete"


@pytest.mark.parametrize(
    ("verb", "body", "field"),
    [
        ("complete", {"output": "x" * 40_000}, "output"),
        ("complete", {"result": 1}, "result"),
        ("complete", [], "(body)"),
        ("fail", {"reason": "Disk full!"}, "reason"),
        ("fail", {"retryable": "no"}, "retryable"),
        ("fail", {"message": "x" * 401}, "message"),
        ("heartbeat", {"progress": 7}, "(body)"),
    ],
)
def test_a_callback_that_makes_no_sense_is_told_what_would(world, run, verb, body, field):
    bring(world, RunState.WAITING)
    answer = world.call("POST", f"{run}/{verb}", body, token=None, headers=HEADER)
    assert (answer.status, answer.code) == (400, "invalid_input")
    assert field in answer.fields
    assert world.database.runs[world.run_id].state is RunState.WAITING


@pytest.mark.parametrize("verb", ["cancel", "retry", "complete", "fail", "heartbeat"])
def test_an_action_on_a_run_that_does_not_exist_is_not_found(world, verb):
    world.create()
    answer = world.call("POST", f"/v1/runs/nightly-etl%4020200101T000000Z/{verb}")
    assert (answer.status, answer.code) == (404, "run_not_found")


def test_the_described_answers_are_the_answers(world, run):
    from api.run_models import RunAnswer, RunOutput

    bring(world, RunState.WAITING)
    done = world.call("POST", f"{run}/complete", {"output": None}, token=None, headers=HEADER)
    RunAnswer.model_validate(done.json)
    RunOutput.model_validate({"output": [1]})


def test_the_description_tells_which_addresses_a_callback_token_opens(world):
    paths = world.call("GET", "/openapi.json", token=None).json["paths"]
    opened = {
        path
        for path, operations in paths.items()
        for operation in operations.values()
        if {"callback": []} in operation.get("security", [])
    }
    assert opened == {f"/v1/runs/{{run_id}}/{verb}" for verb in ("complete", "fail", "heartbeat")}


@pytest.mark.parametrize("path", ["/v1/runs/r/completed", "/v1/runs/r/complete/all", "/v1/runs/r/retry"])
def test_a_callback_token_opens_no_address_but_the_three(world, path):
    answer = world.call("POST", path, token=None, headers={"carillon-callback-token": "any"})
    assert (answer.status, answer.code) == (401, "unauthenticated")
