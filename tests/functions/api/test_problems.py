"""Failures that no route foresaw, and what every answer has."""

import pytest

from carillon.domain.errors import Throttled, Unavailable
from tests.fakes.memory import PoisonRow


def test_a_problem_is_an_rfc_9457_document(world):
    answer = world.call("GET", "/v1/schedules/unknown")

    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json == {
        "type": "urn:carillon:problem:schedule_not_found",
        "title": "Not Found",
        "status": 404,
        "code": "schedule_not_found",
        "detail": "There is no schedule unknown.",
        "errors": [],
        "request_id": "request-1",
    }


@pytest.mark.parametrize(
    "path",
    [
        *("/console", "/console/x", "/v1", "/v1/schedules/", "/v1/schedules/a/b/c"),
        *("//v1/schedules", "/v1/schedules/a/trigger/"),
    ],
)
def test_an_address_that_nobody_serves_is_a_404(world, path):
    answer = world.call("GET", path)

    assert (answer.status, answer.code) == (404, "route_not_found")
    assert "/openapi.json" in answer.json["detail"]


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/v1/schedules", "GET, POST"),
        ("PATCH", "/v1/schedules/nightly-etl", "DELETE, GET, PUT"),
        ("GET", "/v1/schedules/nightly-etl/trigger", "POST"),
        ("OPTIONS", "/v1/runs/x", "GET"),
        ("HEAD", "/v1/schedules", "GET, POST"),
    ],
)
def test_a_method_that_an_address_does_not_take_is_a_405(world, method, path, allow):
    answer = world.call(method, path)

    assert (answer.status, answer.code, answer.headers["allow"]) == (405, "method_not_allowed", allow)


def test_an_unforeseen_error_says_nothing_and_is_logged(world):
    def explode(_):
        raise RuntimeError("the password is hunter2")

    world.schedules.head = explode

    answer = world.call("GET", "/v1/schedules/nightly-etl")

    assert (answer.status, answer.code) == (500, "internal_error")
    assert "hunter2" not in answer.text
    assert "RuntimeError" not in answer.text
    [(action, _, fields)] = world.log.lines
    assert (action, fields["error"], fields["request_id"]) == ("request_failed", "RuntimeError", "request-1")


def test_an_unforeseen_error_before_the_routes_is_answered_too(world):
    answer_of = world.database.users
    world.database.users = None

    answer = world.call("GET", "/v1/schedules")

    world.database.users = answer_of
    assert (answer.status, answer.code) == (500, "internal_error")


@pytest.mark.parametrize("error", [Throttled, Unavailable])
def test_a_store_that_is_busy_or_away_is_a_503_to_be_tried_again(world, error):
    def refuse(_):
        raise error("ProvisionedThroughputExceeded")

    world.schedules.head = refuse

    answer = world.call("GET", "/v1/schedules/nightly-etl")

    assert (answer.status, answer.headers["retry-after"]) == (503, "2")


def test_a_row_that_cannot_be_read_says_which(world):
    world.database.heads["nightly-etl"] = PoisonRow("Schedule nightly-etl: attribute 'state' is not a text.")

    answer = world.call("GET", "/v1/schedules/nightly-etl")

    assert (answer.status, answer.code) == (500, "malformed_row")
    assert "nightly-etl" in answer.json["detail"]


def test_a_schedule_whose_revision_is_gone_can_still_be_mended_and_deleted(world):
    world.create()
    world.database.revisions.clear()
    definition = {
        "timetable": {"expression": "0 3 * * *"},
        "job": {"target": {"kind": "python", "task": "tidy"}},
    }

    answer = world.call("PUT", "/v1/schedules/nightly-etl", definition, headers={"if-match": '"1"'})

    assert answer.status == 200
    world.database.revisions.clear()
    assert world.call("DELETE", "/v1/schedules/nightly-etl", headers={"if-match": '"2"'}).status == 204


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/health"), ("GET", "/v1/schedules"), ("GET", "/nothing"), ("POST", "/v1/login")],
)
def test_every_answer_carries_the_security_headers(world, method, path):
    headers = world.call(method, path).headers

    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["strict-transport-security"]


def test_nothing_of_one_request_is_left_for_the_next(world):
    world.call("GET", "/v1/schedules")

    answer = world.call("GET", "/v1/schedules", token=None)

    assert answer.status == 401


def test_health_asks_nothing(world):
    world.database.users = None

    answer = world.call("GET", "/v1/health", token=None)

    assert (answer.status, answer.json) == (200, {"status": "ok"})


def test_an_ended_schedule_cannot_be_resumed(world):
    world.create(timetable={"expression": "at(2026-11-22T02:00:30)"})

    answer = world.call("POST", "/v1/schedules/nightly-etl/resume")

    assert (answer.status, answer.code) == (409, "wrong_state")
