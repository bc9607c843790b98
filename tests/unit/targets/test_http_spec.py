"""What an http target's specification may say, and the bytes it becomes."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from carillon.domain.allow_list import AllowList
from carillon.domain.target_call import TargetCall
from carillon.domain.targets.http import check_http
from carillon.domain.targets.http_request import encode_request
from carillon.domain.targets.url import parse_url

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)


def faults(allow=(), **spec):
    spec = {"kind": "http", "url": "https://example.com/", **spec}
    return [(fault.field, fault.message) for fault in check_http(spec, AllowList.of(allow))]


def fields(**spec):
    return [field for field, _ in faults(**spec)]


def test_a_url_is_enough():
    assert faults() == []


def test_a_full_specification_is_accepted():
    assert (
        faults(method="PUT", headers={"Authorization": "Bearer ${secrets.TOKEN}"}, body={"a": [1, None]})
        == []
    )


def test_an_unknown_field_is_named():
    assert fields(verify=False) == ["verify"]


@pytest.mark.parametrize("method", ["post", "CONNECT", "GET /x HTTP/1.1", None, 5])
def test_only_known_methods_are_accepted(method):
    assert fields(method=method) == ["method"]


@pytest.mark.parametrize(
    "url", [None, 5, "http://example.com/", "https://127.0.0.1/", "https://[::ffff:10.0.0.1]/"]
)
def test_a_url_that_may_not_be_called_is_refused_on_save(url):
    assert fields(url=url) == ["url"]


def test_a_listed_host_may_use_plain_http():
    assert faults(allow=["127.0.0.1:8080"], url="http://127.0.0.1:8080/") == []
    assert faults(allow=["127.0.0.1:8080"], url="http://127.0.0.1:8081/") != []


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b", "ü", 5, None, "x" * 8193])
def test_a_header_value_of_more_than_one_plain_line_is_refused(value):
    assert fields(headers={"X-Note": value}) == ["headers.X-Note"]


@pytest.mark.parametrize("name", ["X Note", "X:Note", "X\r\nEvil", "", "Ü", "x" * 129])
def test_a_header_name_that_is_no_token_is_refused(name):
    ((field, message),) = faults(headers={name: "1"})
    assert field.startswith("headers.")
    assert field.isascii()
    assert field.isprintable()
    assert "letters" in message


@pytest.mark.parametrize(
    "name",
    ["Host", "content-length", "Transfer-Encoding", "Connection", "Accept-Encoding", "Expect", "Idempotency-Key",
     "Carillon-Run-Id", "carillon-anything", "Proxy-Authorization", "TE", "Upgrade"],
)  # fmt: skip
def test_headers_that_carillon_sets_are_refused(name):
    assert fields(headers={name: "1"}) == [f"headers.{name}"]


def test_a_header_given_twice_in_different_case_is_refused():
    assert fields(headers={"X-A": "1", "x-a": "2"}) == ["headers.x-a"]


def test_headers_must_be_an_object_and_few():
    assert fields(headers=["X: 1"]) == ["headers"]
    assert fields(headers={f"X-{n}": "1" for n in range(65)}) == ["headers"]


@pytest.mark.parametrize("body", [float("nan"), {"a": float("inf")}, "\ud800", "x" * 65_536])
def test_a_body_that_cannot_be_sent_as_json_is_refused(body):
    assert fields(body=body) == ["body"]


def test_a_get_carries_no_body():
    assert fields(method="GET", body={}) == ["body"]


def request(attempt=2, **spec):
    spec = {"kind": "http", "url": "https://example.com:8443/a?b=c", **spec}
    assert check_http(spec, AllowList()) == ()
    at = datetime(2026, 11, 22, 2, tzinfo=UTC)
    call = TargetCall("nightly@20261122T020000Z", "nightly", attempt, at, at, spec, lambda line: None)
    head, _, body = encode_request(call, parse_url(spec["url"]), NOW).partition(b"\r\n\r\n")
    line, *headers = head.decode().split("\r\n")
    return line, dict(header.split(": ", 1) for header in headers), body


def test_the_request_says_which_run_and_attempt_it_is():
    line, headers, body = request(body={"grüße": 1})
    assert line == "POST /a?b=c HTTP/1.1"
    assert headers == {
        "Host": "example.com:8443",
        "Accept-Encoding": "identity",
        "Connection": "close",
        "Idempotency-Key": "nightly@20261122T020000Z",
        "Carillon-Run-Id": "nightly@20261122T020000Z",
        "Carillon-Attempt": "2",
        "Carillon-Fire-Time": "2026-11-22T02:00:00Z",
        "User-Agent": "carillon",
        "Content-Type": "application/json",
        "Content-Length": "13",
    }
    assert body == '{"grüße":1}'.encode()


def test_the_idempotency_key_is_the_same_in_each_attempt():
    assert request(attempt=1)[1]["Idempotency-Key"] == request(attempt=3)[1]["Idempotency-Key"]


def test_a_text_goes_out_as_it_is_when_its_type_is_declared():
    _, headers, body = request(headers={"content-type": "application/x-www-form-urlencoded"}, body="a=1&b=2")
    assert (headers["content-type"], body) == ("application/x-www-form-urlencoded", b"a=1&b=2")
    assert request(body="a=1")[2] == b'"a=1"'


def test_a_get_sends_neither_body_nor_length():
    _, headers, body = request(method="GET", headers={"User-Agent": "ours"})
    assert body == b""
    assert "Content-Length" not in headers
    assert headers["User-Agent"] == "ours"


def test_only_a_job_that_waits_tells_its_target_how_to_call_back():
    _, plain, _ = request()
    assert not [name for name in plain if name.startswith("Carillon-Callback")]

    at = datetime(2026, 11, 22, 2, tzinfo=UTC)
    spec = {"kind": "http", "url": "https://example.com/"}
    call = TargetCall("nightly@20261122T020000Z", "nightly", 1, at, at, spec, lambda line: None)
    url = "https://api.example.com/v1/runs/nightly%4020261122T020000Z"
    call = replace(call, callback_token="a" * 32, callback_url=url)
    head = encode_request(call, parse_url(spec["url"]), NOW).decode()
    assert f"\r\nCarillon-Callback-Token: {'a' * 32}\r\n" in head
    assert f"\r\nCarillon-Callback-Url: {url}\r\n" in head


def test_a_schedule_cannot_set_the_headers_of_a_callback():
    spec = {"kind": "http", "url": "https://example.com/", "headers": {"carillon-callback-token": "mine"}}
    (fault,) = check_http(spec, AllowList())
    assert (fault.field, "itself" in fault.message) == ("headers.carillon-callback-token", True)
