"""Carillon itself on the laptop cloud: a schedule made through the API fires, and a killed worker loses nothing."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from local.api_client import ApiClient, ApiError
from local.chaos import kill_in_mid_run, wait_for_end, wait_until
from local.stack import LaptopCloud, Plan
from tests.e2e.conftest import silent

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    with LaptopCloud(Plan(folder=tmp_path_factory.mktemp("real"), clocks=False), say=silent) as running:
        yield running


@pytest.fixture(scope="module")
def api(cloud):
    return cloud.admin()


def test_a_schedule_made_through_the_api_calls_its_target_once_and_on_its_second(api, receiver):
    # Far enough for a slow machine to have saved the schedule by then.
    fire_at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=20)
    target = {"kind": "http", "method": "POST", "url": f"{receiver.url}/ok/soon"}
    timetable = {"expression": f"at({fire_at:%Y-%m-%dT%H:%M:%S})", "zone": "UTC"}
    api.post("/v1/schedules", {"schedule_id": "soon", "timetable": timetable, "job": {"target": target}})
    run_id = f"soon@{fire_at:%Y%m%dT%H%M%SZ}"
    run = wait_for_end(api, run_id)
    assert (run["state"], run["attempt"]) == ("SUCCEEDED", 1)
    assert [row["run_id"] for row in api.runs("soon")] == [run_id]
    (call,) = [call for call in receiver.calls() if call.path == "/ok/soon"]
    assert call.key == run_id
    assert call.at >= fire_at.timestamp()


def test_without_a_token_the_api_gives_nothing_away(cloud):
    with pytest.raises(ApiError) as refused:
        ApiClient(cloud.url).get("/v1/schedules")
    assert refused.value.status == 401


def test_a_worker_killed_in_mid_run_costs_an_attempt_and_not_the_run(cloud, api, receiver):
    run_id = kill_in_mid_run(cloud, api, receiver)
    let_the_lease_run_out(cloud, run_id)
    cloud.invoke("tick", {})
    run = wait_for_end(api, run_id)
    assert (run["state"], run["attempt"]) == ("SUCCEEDED", 2)
    story = [(event["attempt"], event["status"]) for event in run["events"]]
    assert story == [(0, "QUEUED"), (1, "RUNNING"), (1, "RETRYING"), (2, "RUNNING"), (2, "SUCCEEDED")]
    assert [call.key for call in receiver.calls() if "chaos" in call.path] == [run_id, run_id]


def test_the_trace_of_a_request_reaches_the_target_the_log_and_the_answer(cloud, api, receiver):
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"  # pragma: allowlist secret
    target = {"kind": "http", "url": f"{receiver.url}/ok/traced"}
    document = {"schedule_id": "traced", "timetable": {"expression": "@yearly"}, "job": {"target": target}}
    api.post("/v1/schedules", document)
    headers = {"traceparent": f"00-{trace}-{parent}-01", "tracestate": "rojo=1"}

    run_id = api.call("POST", "/v1/schedules/traced/trigger", more=headers)["run_id"]
    run = wait_for_end(api, run_id)

    assert (run["state"], run["trace_id"]) == ("SUCCEEDED", trace)
    (call,) = [call for call in receiver.calls() if call.path == "/ok/traced"]
    sent = {name.lower(): value for name, value in call.headers}
    version, trace_id, span_id, flags = sent["traceparent"].split("-")
    assert (version, trace_id, flags, sent["tracestate"]) == ("00", trace, "01", "rojo=1")
    assert span_id != parent
    wait_until("the worker's log has its line", 60, lambda: logged(cloud, run_id))
    (line,) = logged(cloud, run_id)
    assert (line["action"], line["trace_id"], line["span_id"]) == ("attempt_finished", trace, span_id)


def logged(cloud, run_id):
    """The complete lines of the worker's log that name the run; the last comes after the run's end."""
    log = (cloud.logs / "carillon-worker.log").read_text(encoding="utf-8")
    lines = log.splitlines(keepends=True)
    return [json.loads(line) for line in lines if run_id in line and line[0] == "{" and line[-1] == "\n"]


def let_the_lease_run_out(cloud, run_id):
    """Date the row back instead of waiting the minute until the sweep looks at it."""
    schedule_id, run_key = run_id.split("@")
    past = {"N": str(int(time.time() * 1000) - 1000)}
    cloud.client("dynamodb").update_item(
        TableName=cloud.inventory.outputs["RunsTableName"],
        Key={"schedule_id": {"S": schedule_id}, "run_key": {"S": run_key}},
        UpdateExpression="SET #wake = :past, #lease = :past",
        ConditionExpression="attribute_exists(#lease)",
        ExpressionAttributeNames={"#wake": "wake_at", "#lease": "lease_until"},
        ExpressionAttributeValues={":past": past},
    )
