"""Workflows on the laptop cloud: a long chain that no recursion guard cuts, and a failure that is taken back."""

import pytest

from local.chaos import wait_for_end
from local.stack import LaptopCloud, Plan
from tests.e2e.conftest import silent

pytestmark = pytest.mark.slow

LENGTH = 30


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    with LaptopCloud(Plan(folder=tmp_path_factory.mktemp("flow"), clocks=False), say=silent) as running:
        yield running.admin()


def run_now(api, schedule_id, steps):
    timetable = {"expression": "@yearly"}
    api.post("/v1/schedules", {"schedule_id": schedule_id, "timetable": timetable, "job": {"steps": steps}})
    return wait_for_end(api, api.post(f"/v1/schedules/{schedule_id}/trigger", None)["run_id"])


def calls(receiver, prefix):
    return [call.path.rpartition("/")[2] for call in receiver.calls() if f"/{prefix}-" in call.path]


def test_a_chain_of_thirty_steps_runs_to_its_end(api, receiver):
    def step(number):
        target = {"kind": "http", "url": f"{receiver.url}/ok/chain-{number}"}
        return {"target": target, "needs": [f"s{number - 1}"] if number else []}

    run = run_now(api, "chain", {f"s{number}": step(number) for number in range(LENGTH)})
    assert run["state"] == "SUCCEEDED"
    assert calls(receiver, "chain") == [f"chain-{number}" for number in range(LENGTH)]
    assert len(run["graph"]["layers"]) == LENGTH
    assert {row["state"] for row in run["steps"]} == {"SUCCEEDED"}


def test_a_failed_load_takes_back_what_was_extracted_and_transformed(api, receiver):
    def task(kind, name, **fields):
        target = {"kind": "http", "url": f"{receiver.url}/{kind}/etl-{name}", "body": fields.pop("body", {})}
        return {"target": target, "retry": {"max_attempts": 1}} | fields

    steps = {
        "extract": task("ok", "extract", compensate=task("ok", "undo_extract")),
        "transform": task(
            "ok",
            "transform",
            body={"status.$": "steps.extract.output.status"},
            needs=["extract"],
            compensate=task("ok", "undo_transform"),
        ),
        "load": task("fail", "load", needs=["transform"]),
    }
    run = run_now(api, "etl", steps)
    assert run["state"] == "COMPENSATED"
    assert calls(receiver, "etl") == [
        "etl-extract",
        "etl-transform",
        "etl-load",
        "etl-undo_transform",
        "etl-undo_extract",
    ]
