"""Targets of AWS on the laptop cloud: saved over the API, started by the worker, followed and stopped."""

import json
import time

import pytest

from local.chaos import wait_for_end
from local.inventory import ACCOUNT, REGION
from local.stack import PARAMETERS, LaptopCloud, Plan
from tests.e2e.conftest import silent
from tests.functions.event_files import event

pytestmark = pytest.mark.slow


def arn(service, resource):
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    listed = {"TargetArns": "arn:aws:*", "TriggersPerMinute": "60"}
    plan = Plan(folder=tmp_path_factory.mktemp("targets"), clocks=False, parameters={**PARAMETERS, **listed})
    with LaptopCloud(plan, say=silent) as running:
        make_targets(running)
        yield running


@pytest.fixture(scope="module")
def api(cloud):
    return cloud.admin()


def make_targets(cloud):
    cloud.client("sqs").create_queue(QueueName="orders")
    cloud.client("sns").create_topic(Name="reports")
    cloud.client("events").create_event_bus(Name="data")
    states = {"StartAt": "a", "States": {"a": {"Type": "Pass", "End": True}}}
    role = arn("iam", "role/any").replace(REGION, "")
    cloud.client("stepfunctions").create_state_machine(
        name="etl", definition=json.dumps(states), roleArn=role
    )
    cloud.client("ecs").create_cluster(clusterName="jobs")
    cloud.client("ecs").register_task_definition(
        family="index",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        containerDefinitions=[{"name": "index", "image": "index", "memory": 128}],
    )


def ecs(cloud):
    subnet = cloud.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    definition, cluster = arn("ecs", "task-definition/index:1"), arn("ecs", "cluster/jobs")
    return {"kind": "ecs", "arn": definition, "cluster": cluster, "subnets": [subnet]}


MACHINE = {"kind": "stepfunctions", "arn": arn("states", "stateMachine:etl")}
DOCUMENT = f"arn:aws:ssm:{REGION}::document/AWS-RunShellScript"
TARGETS = {
    "sqs": {"kind": "sqs", "arn": arn("sqs", "orders"), "message": {"day": "${fire_time:date}"}},
    "sns": {"kind": "sns", "arn": arn("sns", "reports"), "message": "It is ready."},
    "eventbridge": {"kind": "eventbridge", "arn": arn("events", "event-bus/data")},
    "stepfunctions": MACHINE,
    "ssm": {
        "kind": "ssm",
        "arn": DOCUMENT,
        "instances": [arn("ec2", "instance/i-0abc")],
        "parameters": {"commands": ["df -h"]},
    },
    "nowhere": {"kind": "lambda", "arn": arn("lambda", "function:etl")},
}


def start(api, schedule_id, target, **job):
    timetable = {"expression": "@yearly"}
    api.post(
        "/v1/schedules",
        {"schedule_id": schedule_id, "timetable": timetable, "job": {"target": target, **job}},
    )
    return api.post(f"/v1/schedules/{schedule_id}/trigger", None)["run_id"]


def until(api, run_id, state, seconds=180.0):
    end = time.monotonic() + seconds
    while (run := api.run(run_id))["state"] != state:
        assert time.monotonic() < end, run
        time.sleep(0.1)
    return run


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_is_saved_and_started(name, api):
    run = wait_for_end(api, start(api, f"one-{name}", TARGETS[name]))
    expected = ("FAILED", "target_not_found") if name == "nowhere" else ("SUCCEEDED", None)
    assert (run["state"], run["reason"]) == expected, run


def test_a_container_task_is_waited_for_and_its_end_is_told_by_an_event(cloud, api):
    run_id = start(api, "container", ecs(cloud), wait="completion")
    until(api, run_id, "WAITING")
    (task,) = cloud.client("ecs").list_tasks(cluster="jobs")["taskArns"]
    cloud.client("ecs").stop_task(cluster="jobs", task=task)
    told = event("completion-command") | {
        "source": "aws.ecs",
        "detail": {"taskArn": task, "lastStatus": "STOPPED", "startedBy": "carillon_-0a"},
    }
    assert cloud.invoke("completion", told) == {"noted": "sent"}
    run = until(api, run_id, "SUCCEEDED")
    assert "exit code 0" in run["events"][-1]["message"]
    assert cloud.invoke("completion", told) == {"noted": "not_needed"}


def test_cancelling_stops_the_execution_before_the_run_ends(cloud, api):
    run_id = start(api, "machine", MACHINE, wait="completion")
    until(api, run_id, "WAITING")
    api.post(f"/v1/runs/{run_id}/cancel", None)
    cloud.invoke("tick", event("tick"))
    until(api, run_id, "CANCELLED")
    found = cloud.client("stepfunctions").list_executions(
        stateMachineArn=MACHINE["arn"], statusFilter="ABORTED"
    )
    assert len(found["executions"]) == 1
