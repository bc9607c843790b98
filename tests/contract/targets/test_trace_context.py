"""The trace context of an attempt, at each kind of target that has a place for it."""

import base64
import json
import re
from dataclasses import replace

import pytest

from carillon.adapters.targets.http import HttpTarget
from carillon.adapters.targets.lambda_ import LambdaTarget, _request
from carillon.adapters.targets.python import PythonTarget
from carillon.adapters.targets.task_pool import TaskPool
from carillon.domain.allow_list import AllowList
from carillon.domain.targets.aws_spec import run_facts
from carillon.domain.targets.ecs import run_task_request
from carillon.domain.targets.eventbridge import event_entry
from carillon.domain.targets.lambda_ import client_context
from carillon.domain.targets.messages import MAX_ATTRIBUTES, attributes_of
from carillon.domain.targets.ssm import send_request
from carillon.domain.targets.stepfunctions import start_request
from carillon.domain.trace import MAX_STATE
from tests.contract.targets.aws_cases import REACH, spec_of
from tests.contract.targets.receiver import make_call, reply
from tests.contract.targets.wire import answer, clients_at

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
STATE = "rojo=00f067aa0ba902b7"
TOKEN = {
    "callback_token": "secret",
    "callback_url": "https://api.example.com/v1/runs/r",
}  # pragma: allowlist secret


def traced(spec, state=STATE, **changes):
    return replace(make_call(spec), traceparent=PARENT, tracestate=state, **changes)


@pytest.fixture
def target():
    return HttpTarget(AllowList.of(["127.0.0.1"]))


def headers_of(head):
    return re.findall(r"(?im)^(trace\w+): (.+?)\r?$", head)


def test_an_http_request_carries_it_in_the_standards_headers(serve, target):
    receiver = serve(reply("HTTP/1.1 200 OK\nContent-Length: 0"))
    spec = {"kind": "http", "url": f"http://127.0.0.1:{receiver.port}/"}
    target.execute(traced(spec))
    target.execute(traced(spec, state=None))
    target.execute(make_call(spec))
    heads = [headers_of(head) for head, _ in receiver.requests]
    assert heads == [[("traceparent", PARENT), ("tracestate", STATE)], [("traceparent", PARENT)], []]


@pytest.mark.parametrize("name", ["traceparent", "Traceparent"])
def test_a_traceparent_that_the_schedule_sets_is_sent_alone(serve, target, name):
    receiver = serve(reply("HTTP/1.1 200 OK\nContent-Length: 0"))
    own = PARENT.replace("4bf9", "aaaa")
    target.execute(
        traced({"kind": "http", "url": f"http://127.0.0.1:{receiver.port}/", "headers": {name: own}})
    )
    ((head, _),) = receiver.requests
    assert headers_of(head) == [(name, own)]


@pytest.mark.parametrize("kind", ["sqs", "sns"])
def test_a_message_carries_it_in_its_attributes(kind):
    found = attributes_of(traced(spec_of(kind)))
    assert found["traceparent"] == {"DataType": "String", "StringValue": PARENT}
    assert found["tracestate"] == {"DataType": "String", "StringValue": STATE}
    assert "traceparent" not in attributes_of(make_call(spec_of(kind)))


def test_attributes_that_sqs_would_refuse_are_left_out_the_state_first():
    own = {f"a{number}": "1" for number in range(5)}
    assert set(attributes_of(traced(spec_of("sqs", attributes=own)))) >= {"traceparent", "tracestate"}
    full = attributes_of(traced(spec_of("sqs", attributes=own), **TOKEN))
    assert len(full) == MAX_ATTRIBUTES
    assert not {"traceparent", "tracestate"} & set(full)
    nearly = attributes_of(
        traced(spec_of("sqs", attributes={"a": "1", "b": "1", "c": "1", "d": "1"}), **TOKEN)
    )
    assert ("traceparent" in nearly, "tracestate" in nearly) == (True, False)


def test_an_attribute_of_the_schedules_own_stays():
    found = attributes_of(traced(spec_of("sqs", attributes={"traceparent": "mine"})))
    assert found["traceparent"]["StringValue"] == "mine"
    assert "tracestate" not in found


def test_a_function_that_is_waited_for_finds_it_in_its_client_context():
    text = client_context(traced(spec_of("lambda")))["ClientContext"]
    assert json.loads(base64.b64decode(text)) == {"custom": {"traceparent": PARENT, "tracestate": STATE}}
    assert client_context(make_call(spec_of("lambda"))) == {}
    longest = client_context(traced(spec_of("lambda"), state="k=" + "v" * (MAX_STATE - 2)))["ClientContext"]
    assert len(longest) < 3_583  # what Invoke takes
    assert json.loads(_request(traced(spec_of("lambda")), "RequestResponse")["Payload"]) == {
        "day": "yesterday"
    }


@pytest.mark.parametrize(("mode", "is_told"), [("sync", True), ("async", False)])
def test_the_client_context_goes_over_the_wire_in_calls_that_hand_it_on(serve, mode, is_told):
    receiver = serve(answer({"done": True}))
    call = traced(spec_of("lambda", mode=mode))
    assert LambdaTarget(REACH, "carillon", clients_at(receiver.port)).execute(call).succeeded
    ((head, _),) = receiver.requests
    assert ("X-Amz-Client-Context: " in head) is is_told


def test_where_the_schedule_gives_no_input_it_stands_among_the_runs_facts():
    facts = run_facts(traced(spec_of("lambda")))
    assert (facts["traceparent"], facts["tracestate"]) == (PARENT, STATE)
    without = {name: value for name, value in spec_of("stepfunctions").items() if name != "input"}
    assert json.loads(start_request(traced(without), "carillon")["input"])["traceparent"] == PARENT
    assert "traceparent" not in start_request(traced(spec_of("stepfunctions")), "carillon")["input"]


def test_an_event_has_it_in_its_detail_and_no_header_that_only_x_ray_reads():
    entry = event_entry(traced(spec_of("eventbridge")))
    assert json.loads(entry["Detail"])["carillon"]["traceparent"] == PARENT
    assert "TraceHeader" not in entry


def test_a_container_has_it_in_the_environment_that_opentelemetry_reads():
    def environment(**changes):
        request = run_task_request(traced(spec_of("ecs", **changes)), "carillon")
        return {e["name"]: e["value"] for e in request["overrides"]["containerOverrides"][0]["environment"]}

    found = environment()
    assert (found["TRACEPARENT"], found["TRACESTATE"]) == (PARENT, STATE)
    assert found["CARILLON_ATTEMPT"] == "1"
    assert not {"CARILLON_TRACEPARENT", "CARILLON_TRACESTATE"} & set(found)
    own = environment(environment={"TRACEPARENT": "mine"})
    assert own["TRACEPARENT"] == "mine"
    assert "TRACESTATE" not in own


def test_a_command_on_servers_has_no_place_for_it():
    assert PARENT not in json.dumps(send_request(traced(spec_of("ssm"))))


def test_a_task_finds_it_in_its_context():
    pool = TaskPool(size=1, package="tests.contract.targets.sample_tasks")
    try:
        spec = {"kind": "python", "task": "trace"}
        found = [PythonTarget(pool).execute(call).output for call in (traced(spec), make_call(spec))]
    finally:
        pool.close()
    assert found == [[PARENT, STATE], [None, None]]
