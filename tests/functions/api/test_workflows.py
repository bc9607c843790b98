"""Workflows through the API: saved, shown as a tree with a graph, stopped, settled."""

from dataclasses import replace

import pytest

from carillon.domain.run import Origin, RunState
from carillon.domain.run_id import RunId
from carillon.domain.workflow.step_key import StepKey
from tests.functions.api.world import MINIMAL

URL = "https://example.com/"
ETL = {
    "steps": {
        "extract": {
            "target": {"kind": "http", "url": URL},
            "compensate": {"target": {"kind": "http", "url": URL}},
        },
        "load": {
            "target": {"kind": "http", "url": URL, "body": {"rows.$": "steps.extract.output.body.rows"}},
            "needs": ["extract"],
        },
        "count": {"target": {"kind": "http", "url": URL}, "needs": ["extract"], "when": "payload"},
    }
}


@pytest.fixture
def etl(world):
    world.create(job=ETL)
    run_id = RunId.parse(world.call("POST", "/v1/schedules/nightly-etl/trigger").json["run_id"])
    return world, run_id


def begin(world, run_id, state=RunState.RUNNING, **changes):
    """The top as a worker leaves it, with extract done and load waiting."""
    top = replace(world.database.runs[run_id], state=state, revision=1, attempt=1, claim_id="c", **changes)
    world.database.runs[run_id] = replace(top, wake_at=None if state.is_terminal else top.wake_at)
    for name, step_state in (("extract", RunState.SUCCEEDED), ("load", RunState.QUEUED)):
        key = StepKey(name).under(run_id)
        done = {"ended_at": world.clock.now(), "wake_at": None} if step_state.is_terminal else {}
        row = replace(top, run_id=key, origin=Origin.STEP, state=step_state, **{"ended_at": None} | done)
        if not step_state.is_terminal:
            row = replace(row, wake_at=world.clock.now(), attempt=0, claim_id=None)
        world.database.runs[key] = row


def test_a_workflow_is_saved_and_read_back_with_every_default(world):
    world.create(job=ETL)
    job = world.call("GET", "/v1/schedules/nightly-etl").json["job"]
    assert list(job["steps"]) == ["extract", "load", "count"]
    assert job["steps"]["load"] | {"target": None} == {
        "target": None,
        "timeout_seconds": 60,
        "retry": job["steps"]["extract"]["retry"],
        "wait": None,
        "wait_timeout_seconds": None,
        "heartbeat_seconds": None,
        "needs": ["extract"],
        "rule": "all_success",
        "when": None,
        "for_each": None,
        "may_fail": False,
        "compensate": None,
        "compensate_on_unknown": False,
    }
    answer = world.call(
        "PUT", "/v1/schedules/nightly-etl", {**MINIMAL, "job": job}, headers={"if-match": '"1"'}
    )
    assert (answer.status, answer.json["job"]) == (200, job)


def test_a_malformed_workflow_is_refused_at_its_field(world):
    steps = ETL["steps"] | {"extract": ETL["steps"]["extract"] | {"needs": ["load"]}}
    answer = world.call("POST", "/v1/schedules", {**MINIMAL, "job": {"steps": steps}})
    assert answer.status == 400
    assert answer.fields == {
        "job.steps.extract": "These steps wait for each other in a circle: extract -> load -> extract. Take one need "
        "out."
    }


def test_a_thousand_steps_in_256_kib_are_taken(world):
    url = {"target": {"kind": "http", "url": URL}}
    steps = {f"s{n}": url | {"needs": [f"s{n - k}" for k in range(1, 11) if n >= k]} for n in range(1000)}
    answer = world.call("POST", "/v1/schedules", {**MINIMAL, "job": {"steps": steps}})
    assert answer.status == 201


def test_a_run_is_shown_with_its_steps_and_its_graph(etl):
    world, run_id = etl
    begin(world, run_id)
    body = world.call("GET", f"/v1/runs/{run_id}").json
    assert body["state"] == "RUNNING"
    assert [(row["step"], row["state"], row["run_id"]) for row in body["steps"]] == [
        ("extract", "SUCCEEDED", f"{run_id}.extract"),
        ("load", "QUEUED", f"{run_id}.load"),
    ]
    assert body["graph"]["layers"] == [["extract"], ["load", "count"]]
    assert body["graph"]["steps"]["count"] == {
        "needs": ["extract"],
        "rule": "all_success",
        "when": "payload",
        "for_each": None,
        "has_compensation": False,
    }


def test_a_step_has_a_story_and_an_output_of_its_own(etl):
    world, run_id = etl
    begin(world, run_id)
    step = world.database.runs[StepKey("extract").under(run_id)]
    world.outputs.keep(step, {"rows": 3}, world.clock.now())
    assert world.call("GET", f"/v1/runs/{run_id}.extract").json["origin"] == "step"
    assert world.call("GET", f"/v1/runs/{run_id}.extract/output").json == {"output": {"rows": 3}}


def test_a_plain_run_has_neither_steps_nor_graph(world):
    world.create()
    run_id = world.call("POST", "/v1/schedules/nightly-etl/trigger").json["run_id"]
    body = world.call("GET", f"/v1/runs/{run_id}").json
    assert (body["steps"], body["graph"]) == ([], None)


def test_a_schedules_runs_are_listed_without_their_steps(etl):
    world, run_id = etl
    begin(world, run_id)
    items = world.call("GET", "/v1/schedules/nightly-etl/runs?limit=1").json["items"]
    assert [item["run_id"] for item in items] == [str(run_id)]


@pytest.mark.parametrize(
    ("document", "reason"), [(None, "cancelled"), ({"compensate": True}, "cancelled_and_taken_back")]
)
def test_cancelling_a_workflow_ends_what_has_not_begun(etl, document, reason):
    world, run_id = etl
    begin(world, run_id)
    answer = world.call("POST", f"/v1/runs/{run_id}/cancel", document)
    assert answer.status == 202
    states = {row["step"]: row["state"] for row in world.call("GET", f"/v1/runs/{run_id}").json["steps"]}
    top = world.database.runs[run_id]
    assert (states["load"], states["count"], top.reason) == ("CANCELLED", "SKIPPED", reason)
    assert top.state is (RunState.CANCELLED if document is None else RunState.COMPENSATING)


def test_a_failed_compensation_is_settled_with_a_note(etl):
    world, run_id = etl
    begin(world, run_id, RunState.COMPENSATION_FAILED, ended_at=world.clock.now())
    refused = world.call("POST", f"/v1/runs/{run_id}/settle", {"note": " "})
    assert refused.fields == {"note": "Say in a sentence how the effects were dealt with."}
    answer = world.call("POST", f"/v1/runs/{run_id}/settle", {"note": "rows removed by hand"})
    assert (answer.status, answer.json["state"]) == (200, "COMPENSATED")
    assert world.actions[-1] == "run.settle"
    again = world.call("POST", f"/v1/runs/{run_id}/settle", {"note": "again"})
    assert (again.status, again.code) == (409, "run_not_compensable")


def test_settling_needs_a_permission_of_its_own(etl):
    world, run_id = etl
    begin(world, run_id, RunState.COMPENSATION_FAILED, ended_at=world.clock.now())
    for action in ("complete", "settle"):
        permission = {"resource": "runs", "actions": [action], "scope": "any"}
        world.call("POST", "/v1/roles", {"role": action, "permissions": [permission]})
        world.add_user(action, (action,))
    path, note = f"/v1/runs/{run_id}/settle", {"note": "rows removed by hand"}
    refused = world.call("POST", path, note, token=world.token_of("complete"))
    assert refused.status == 403
    assert "runs:settle" in refused.text
    assert world.call("POST", path, note, token=world.token_of("settle")).status == 200


def test_a_failed_compensation_is_tried_again(etl):
    world, run_id = etl
    begin(world, run_id, RunState.COMPENSATION_FAILED, ended_at=world.clock.now())
    answer = world.call("POST", f"/v1/runs/{run_id}/compensate")
    assert (answer.status, answer.json["state"]) == (202, "COMPENSATING")
    assert f"{run_id}.extract.undo-2" in {str(found) for found in world.database.runs}
