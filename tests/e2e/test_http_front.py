"""The HTTP front speaks payload format 2.0 as API Gateway does."""

import json

import pytest

from local.http_front import decoded_path, event_of, match, response_of
from local.inventory import Route
from local.sandbox import Answer
from local.swagger import swagger
from local.web import Request

EVERYTHING = Route("ANY", "/{proxy+}", "api")


def _event(target="/v1/x", *, method="POST", headers=(), body=b""):
    request = Request(method, target, (("Host", "h"), *headers), body, "127.0.0.1")
    path = decoded_path(target)
    return event_of(request, EVERYTHING, path, match(EVERYTHING, method, path))


def test_the_path_arrives_decoded_and_is_cut_at_an_encoded_question_mark():
    assert _event("/v1/runs/a%402026?x=%20")["rawPath"] == "/v1/runs/a@2026"
    assert decoded_path("/v1/a%3Fb/c") == "/v1/a"


def test_repeated_parameters_and_headers_are_joined_and_cookies_stand_apart():
    event = _event("/v1/x?a=1&a=2&b=", headers=(("X-A", "1"), ("x-a", "2"), ("Cookie", "c=d; e=f")))
    assert event["queryStringParameters"] == {"a": "1,2", "b": ""}
    assert event["rawQueryString"] == "a=1&a=2&b="
    assert event["headers"]["x-a"] == "1,2"
    assert event["cookies"] == ["c=d", "e=f"]
    assert "cookie" not in event["headers"]


@pytest.mark.parametrize(
    ("kind", "body", "encoded"),
    [
        ("application/json", b'{"a": 1}', False),
        ("application/problem+json", b"{}", False),
        ("text/plain; charset=utf-8", "ä".encode(), False),
        ("application/json", b"\xff", True),
        ("application/octet-stream", b"abc", True),
        ("application/x-www-form-urlencoded", b"a=b", True),
    ],
)
def test_anything_but_known_text_is_base64(kind, body, encoded):
    assert _event(headers=(("Content-Type", kind),), body=body)["isBase64Encoded"] is encoded


@pytest.mark.parametrize(
    ("route", "method", "path", "parameters"),
    [
        (EVERYTHING, "GET", "/a/b", {"proxy": "a/b"}),
        (EVERYTHING, "GET", "/", None),
        (Route("GET", "/", "api"), "GET", "/", {}),
        (Route("GET", "/a/{id}", "api"), "GET", "/a/7", {"id": "7"}),
        (Route("GET", "/a/{id}", "api"), "POST", "/a/7", None),
        (Route("GET", "/a/{id}", "api"), "GET", "/a/7/b", None),
        (Route("ANY", "$default", "api"), "PUT", "/what/ever", {}),
    ],
)
def test_a_route_takes_its_own_paths_only(route, method, path, parameters):
    assert match(route, method, path) == parameters


def test_an_answer_becomes_status_headers_cookies_and_body():
    document = {
        "statusCode": 201,
        "headers": {"X-A": "1"},
        "cookies": ["c=d"],
        "body": "YQ==",
        "isBase64Encoded": True,
    }
    response = response_of(Answer(json.dumps(document).encode()))
    assert (response.status, response.body) == (201, b"a")
    assert response.headers == (("X-A", "1"), ("Set-Cookie", "c=d"))


def test_a_failure_of_the_function_is_told_without_its_details():
    response = response_of(Answer(b'{"errorMessage": "secret"}', "Unhandled"))
    assert (response.status, response.body) == (500, b'{"message": "Internal Server Error"}')


def test_an_answer_that_is_no_response_is_an_internal_error():
    assert response_of(Answer(b'{"statusCode": "many"}')).status == 500
    assert response_of(Answer(b"no json")).status == 500


def test_the_swagger_page_is_served_out_of_installed_files():
    page = swagger("/swagger")
    assert (page.status, dict(page.headers)["content-type"]) == (200, "text/html; charset=utf-8")
    for name in ("page.css", "bundle.js", "start.js"):
        assert f"/swagger/{name}" in page.body.decode()
        assert swagger(f"/swagger/{name}").status == 200
    assert len(swagger("/swagger/bundle.js").body) > 1_000_000
    assert b"://" not in page.body
    assert swagger("/swagger/../web.py").status == 404
    assert swagger("/v1/schedules") is None
