"""Requests that a receiver can trust: signed over time, run id and body with a secret of the job."""

import hashlib
import hmac
from datetime import UTC, datetime

import pytest

from carillon.domain.allow_list import AllowList
from carillon.domain.secret_uses import filled, placed
from carillon.domain.secrets import Secret
from carillon.domain.target_call import TargetCall
from carillon.domain.targets.http import check_http
from carillon.domain.targets.http_request import encode_request
from carillon.domain.targets.url import parse_url

NOW = datetime(2026, 11, 22, 2, 0, 3, 500_000, tzinfo=UTC)
KEY = Secret("a key of the test's own")  # pragma: allowlist secret
SPEC = {
    "kind": "http",
    "url": "https://example.com/jobs",
    "body": {"day": 1},
    "sign_with": "${secrets.SIGNING_KEY}",
}


def sent(spec, run_id="etl@20261122T020000Z", now=NOW):
    call = TargetCall(
        run_id, "etl", 1, NOW, NOW, filled(placed(spec), {"SIGNING_KEY": KEY}), lambda line: None
    )
    head, _, body = encode_request(call, parse_url(spec["url"]), now).partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    return headers, body


def test_a_receiver_with_the_key_computes_the_same_signature():
    headers, body = sent(SPEC)
    signed = f"v1:{headers['Carillon-Timestamp']}:{headers['Carillon-Run-Id']}:".encode() + body
    expected = hmac.new(KEY.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["Carillon-Signature"] == f"v1={expected}"
    assert headers["Carillon-Timestamp"] == "1795312803"


@pytest.mark.parametrize(
    ("spec", "run_id", "now"),
    [
        (SPEC | {"body": {"day": 2}}, "etl@20261122T020000Z", NOW),
        (SPEC, "etl@20261123T020000Z", NOW),
        (SPEC, "etl@20261122T020000Z", NOW.replace(minute=1)),
    ],
)
def test_another_body_run_or_time_is_another_signature(spec, run_id, now):
    assert sent(spec, run_id, now)[0]["Carillon-Signature"] != sent(SPEC)[0]["Carillon-Signature"]


def test_what_is_not_to_be_signed_is_not_and_no_key_is_sent():
    headers, _ = sent({name: value for name, value in SPEC.items() if name != "sign_with"})
    assert "Carillon-Signature" not in headers
    assert KEY not in str(sent(SPEC))


@pytest.mark.parametrize("key", ["plain text", "${secrets.}", "x${secrets.A}", 7, ["${secrets.A}"]])
def test_a_key_is_named_and_never_written_out(key):
    (fault,) = check_http(SPEC | {"sign_with": key}, AllowList())
    assert (fault.field, "${secrets.SIGNING_KEY}" in fault.message) == ("sign_with", True)


def test_a_key_that_is_named_or_opened_is_right():
    assert check_http(SPEC, AllowList()) == ()
    assert check_http(SPEC | {"sign_with": KEY}, AllowList()) == ()
