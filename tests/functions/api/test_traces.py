"""The trace of a request: continued where its headers are valid, begun anew where not, handed to what it asks for."""

import json
from dataclasses import replace

import pytest

from carillon.domain.run_id import RunId
from carillon.domain.trace import Trace
from carillon.log import structured_log, traced
from tests.functions.api.guarded import GuardedWorld
from tests.functions.api.world import MINIMAL, ApiWorld

ID, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = f"00-{ID}-{SPAN}-01"
TRIGGER = "/v1/schedules/nightly-etl/trigger"


@pytest.fixture
def world():
    made = ApiWorld()
    made.create()
    made.queue.sent.clear()
    return made


def run_of(world, answer):
    assert answer.status == 202, answer.text
    return world.database.runs[RunId.parse(answer.json["run_id"])]


def test_a_triggered_run_is_of_the_trace_of_its_request(world):
    headers = {"Traceparent": PARENT.replace("-01", "-00"), "TraceState": "rojo=1, congo=2"}
    run = run_of(world, world.call("POST", TRIGGER, headers=headers))
    assert run.given_trace == Trace(ID, is_sampled=False, state="rojo=1,congo=2", parent_id=SPAN)
    assert world.queue.sent[-1].dispatch.traceparent == f"00-{ID}-{run.span_id(1)}-00"
    assert world.call("GET", f"/v1/runs/{run.run_id}").json["trace_id"] == ID


def test_a_run_that_is_run_again_is_of_the_trace_of_whoever_asks(world):
    first = run_of(world, world.call("POST", TRIGGER, headers={"traceparent": PARENT}))
    world.call("POST", f"/v1/runs/{first.run_id}/cancel")
    again = PARENT.replace("4bf9", "aaaa")
    second = run_of(
        world, world.call("POST", f"/v1/runs/{first.run_id}/retry", headers={"traceparent": again})
    )
    assert (first.trace.trace_id, second.trace.trace_id) == (ID, again[3:35])


def test_what_a_confirmation_carries_out_is_of_the_trace_of_the_confirmation():
    world = GuardedWorld()
    assert world.by("admin", "POST", "/v1/schedules", MINIMAL | {"sensitive": True}).status == 201
    world.clock.advance(30)
    confirmation = world.asked("POST", TRIGGER, headers={"traceparent": PARENT.replace("4bf9", "aaaa")})
    path = f"/v1/confirmations/{confirmation['confirmation_id']}"
    answer = world.by("admin", "POST", path, {"code": world.code()}, headers={"traceparent": PARENT})
    assert run_of(world, answer).trace.trace_id == ID


@pytest.mark.parametrize("sent", [None, "", "nonsense", f"{PARENT}\r\nX-Evil: 1", f"00-{'0' * 32}-{SPAN}-01"])
def test_without_a_valid_header_a_trace_begins_with_the_request(world, sent):
    run = run_of(world, world.call("POST", TRIGGER, headers={"traceparent": sent, "tracestate": "rojo=1"}))
    assert run.given_trace is not None
    assert run.given_trace.trace_id != ID
    assert run.given_trace.state == ""


def test_two_requests_of_their_own_are_two_traces(world):
    first = run_of(world, world.call("POST", TRIGGER))
    world.clock.advance(1)
    second = run_of(world, world.call("POST", TRIGGER))
    assert first.trace != second.trace


@pytest.fixture(autouse=True)
def service(monkeypatch, request):
    """A logger keeps its stream by its service's name, and each test has a stream of its own."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", request.node.name)


def broken(world, headers):
    """The answer of a stack whose store is gone, as it stands in the real log."""
    world.schedules.head = None
    world.api = replace(world.api, log=structured_log())
    return world.call("GET", "/v1/schedules/nightly-etl", headers=headers)


def test_the_apis_lines_name_the_requests_trace(world, capsys):
    answer = broken(world, {"traceparent": PARENT})
    line = json.loads(capsys.readouterr().out)
    assert (answer.status, line["action"], line["trace_id"]) == (500, "request_failed", ID)
    assert line["request_id"] == answer.json["request_id"]


def test_what_is_no_traceparent_is_not_written_anywhere(world, capsys):
    broken(world, {"traceparent": "evil", "tracestate": "=evil"})
    text = capsys.readouterr().out
    assert "evil" not in text
    assert len(json.loads(text)["trace_id"]) == 32


def test_a_line_that_names_a_trace_keeps_it_and_none_is_left_behind(capsys):
    log = structured_log()
    with traced(ID):
        log("one", "Of another trace.", trace_id="other")
        log("two", "Of this one.")
    log("three", "Of none.")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line.get("trace_id") for line in lines] == ["other", ID, None]
