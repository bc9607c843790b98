"""What the api's process asked of KMS and was throttled in is told at the end of the request, and nothing otherwise."""

import json
from dataclasses import replace

import pytest

from api.handler import respond
from carillon.adapters.aws import Calls
from carillon.adapters.emf import EmfMetrics
from tests.functions.api.world import ApiWorld, http_event


@pytest.fixture
def told():
    """The calls of a process, and a function that asks the api and gives the metrics that it wrote."""
    world, calls, lines = ApiWorld(), Calls(), []
    metrics = EmfMetrics("Carillon", "prod", world.clock, lines.append, besides=calls.take)
    api = replace(world.api, metrics=metrics)

    def ask(path="/v1/health"):
        lines.clear()
        respond(http_event("GET", path), api)
        return [json.loads(line) for line in lines]

    return calls, ask


def test_a_request_without_such_a_call_writes_no_line(told):
    _, ask = told

    assert ask() == []


@pytest.mark.parametrize("path", ["/v1/health", "/v1/schedules"])
def test_calls_and_throttles_are_one_line_once_whether_the_request_was_answered_or_refused(told, path):
    calls, ask = told
    for _ in range(2):
        calls.count(event_name="needs-retry.kms.Sign", response=None)
    throttled = (None, {"Error": {"Code": "ThrottlingException"}})
    calls.count(event_name="needs-retry.dynamodb.Query", response=throttled)

    [line] = ask(path)

    assert (line["KmsCalls"], line["Throttles"], line["environment"]) == (2, 1, "prod")
    assert ask(path) == []
