"""An http target against a real socket: what is sent, and how each ending is classified."""

import gzip
import json
import socket
import struct
import threading
import time
from types import SimpleNamespace

import pytest

from carillon.adapters.targets.http import MAX_ANSWER_BYTES, HttpTarget
from carillon.domain.allow_list import AllowList
from carillon.domain.outcome import OutcomeKind
from tests.contract.targets.receiver import closed_port, make_call, reply

OK = "HTTP/1.1 200 OK\nContent-Length: {}"


def test_a_call_arrives_as_specified_and_its_answer_is_kept(serve, call):
    receiver = serve(reply(OK.format(13) + "\nContent-Type: application/json", b'{"done":true}'))
    log = []
    outcome = call(receiver, log=log, path="/jobs?key=hidden", headers={"X-Team": "data"}, body={"n": 1})
    assert (outcome.kind, outcome.status, outcome.error) == (OutcomeKind.SUCCESS, 200, None)
    assert outcome.output == {
        "status": 200,
        "content_type": "application/json",
        "body": {"done": True},
        "truncated": False,
    }
    ((head, body),) = receiver.requests
    assert head.startswith("POST /jobs?key=hidden HTTP/1.1\r\nHost: 127.0.0.1:")
    assert "Idempotency-Key: nightly@20261122T020000Z" in head
    assert "X-Team: data" in head
    assert body == b'{"n":1}'
    assert log == []  # The run's story says it all; a line would cost a write of its own.


def test_a_chunked_answer_is_put_together(serve, call):
    receiver = serve(reply("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"))
    assert call(receiver).output["body"] == "abc"


def test_an_answer_that_only_claims_to_be_json_is_kept_as_text(serve, call):
    for body in (b"{", b"NaN", b"[" * 20_000):
        text = OK.format(len(body)) + "\nContent-Type: application/json"
        assert call(serve(reply(text, body))).output["body"] == body.decode()


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, OutcomeKind.PERMANENT), (500, OutcomeKind.RETRYABLE), (408, OutcomeKind.RETRYABLE)],
)
def test_the_status_decides(serve, call, status, kind):
    outcome = call(serve(reply(f"HTTP/1.1 {status} Whatever\nContent-Length: 2", b"no")))
    assert (outcome.kind, outcome.error, outcome.output["body"]) == (kind, f"http_{status}", "no")


def test_retry_after_is_passed_on(serve, call):
    outcome = call(serve(reply("HTTP/1.1 429 Slow down\nRetry-After: 17\nContent-Length: 0")))
    assert (outcome.kind, outcome.retry_after_seconds) == (OutcomeKind.RETRYABLE, 17)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(serve, call, status):
    other = serve(reply(OK.format(0)))
    location = f"http://127.0.0.1:{other.port}/"
    outcome = call(serve(reply(f"HTTP/1.1 {status} Moved\nLocation: {location}\nContent-Length: 0")))
    assert outcome.kind is OutcomeKind.PERMANENT
    assert other.accepted == 0


def test_an_environment_proxy_is_not_used(serve, call, monkeypatch):
    proxy = serve(reply(OK.format(0)))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    assert call(serve(reply(OK.format(0)))).succeeded
    assert proxy.accepted == 0


def test_nobody_listening_is_retryable_and_nothing_was_sent(call):
    with closed_port() as port:
        outcome = call(SimpleNamespace(port=port))
    assert (outcome.kind, outcome.error) == (OutcomeKind.RETRYABLE, "connection_refused")
    assert "Nothing was sent" in outcome.message


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize(
    "answer",
    [
        lambda connection: None,
        reset,
        reply("HTTP/1.1 200 OK\nContent-Length: 100", b"only this"),
        reply("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"5\r\nab"),
        reply("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"zz\r\nab"),
        reply("SSH-2.0-OpenSSH_9.0"),
        reply("HTTP/1.1 abc OK"),
        reply("HTTP/1.1 200 OK" + "\nX: 1" * 150),
        reply("HTTP/1.1 200 OK\nX: " + "a" * 70_000),
    ],
    ids=[
        "closed",
        "reset",
        "short",
        "short-chunk",
        "bad-chunk",
        "not-http",
        "bad-status",
        "many-headers",
        "long-header",
    ],
)
def test_an_answer_lost_or_unreadable_after_sending_leaves_the_effect_unknown(serve, call, answer):
    outcome = call(serve(answer))
    assert (outcome.kind, outcome.error) == (OutcomeKind.UNKNOWN, "answer_lost")
    assert "the effect is unknown" in outcome.message


LONG = 1200
"""So many pauses are a minute: whoever ends before it has not waited for the last."""


def drip(*pieces, pause=0.05):
    def answer(connection):
        for piece in pieces:
            connection.sendall(piece)
        for _ in range(LONG):
            time.sleep(pause)
            connection.sendall(b"x")

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        drip(),
        drip(b"HTTP/1.1 200 OK\r\nX-Slow: "),
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"),
        drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n"),
    ],
    ids=["status", "header", "body", "chunk"],
)
def test_an_answer_that_comes_byte_by_byte_ends_at_the_deadline(serve, call, answer):
    started = time.monotonic()
    outcome = call(serve(answer), seconds=0.5)
    assert (outcome.kind, outcome.error) == (OutcomeKind.TIMED_OUT, "timed_out")
    assert time.monotonic() - started < 30


def test_endless_interim_answers_end_at_the_deadline(serve, call):
    def answer(connection):
        for _ in range(LONG):
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            time.sleep(0.05)

    assert call(serve(answer), seconds=0.5).kind is OutcomeKind.TIMED_OUT


def test_a_deadline_already_passed_sends_nothing(serve, call):
    receiver = serve(reply(OK.format(0)))
    assert call(receiver, seconds=-1).kind is OutcomeKind.TIMED_OUT
    assert receiver.accepted == 0


def test_a_resolver_that_hangs_ends_at_the_deadline():
    release = threading.Event()
    target = HttpTarget(AllowList(), resolve=lambda host, port: release.wait(60) or ["8.8.8.8"])
    try:
        outcome = target.execute(make_call({"kind": "http", "url": "https://example.com/"}, seconds=0.2))
    finally:
        release.set()
    assert outcome.kind is OutcomeKind.TIMED_OUT


def test_a_huge_answer_is_cut_off_and_its_rest_never_read(serve, call):
    sent = []

    def answer(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n")
        while True:
            sent.append(connection.send(b"a" * 65_536))

    outcome = call(serve(answer))
    assert outcome.succeeded
    assert outcome.output["truncated"] is True
    assert outcome.output["body"] == "a" * MAX_ANSWER_BYTES
    assert sum(sent) < 50_000_000


def test_an_answer_of_exactly_the_limit_is_whole(serve, call):
    body = b"a" * MAX_ANSWER_BYTES
    outcome = call(serve(reply(OK.format(len(body)), body)))
    assert outcome.output["truncated"] is False
    assert len(outcome.output["body"]) == MAX_ANSWER_BYTES


def test_a_compressed_bomb_is_neither_asked_for_nor_expanded(serve, call):
    bomb = gzip.compress(b"0" * 20_000_000)
    receiver = serve(reply(OK.format(len(bomb)) + "\nContent-Encoding: gzip", bomb))
    outcome = call(receiver)
    assert outcome.succeeded
    assert outcome.output["body"] is None
    assert outcome.output["content_encoding"] == "gzip"
    assert "Accept-Encoding: identity" in receiver.requests[0][0]
    assert len(json.dumps(outcome.output)) < 200


@pytest.mark.parametrize(
    "spec",
    [
        {"headers": {"X-Token": "a\r\nHost: evil"}},
        {"headers": {"X-Token\r\nHost": "evil"}},
        {"path": "/ HTTP/1.1\r\nHost: evil\r\n\r\n"},
        {"path": "/\nx"},
        {"method": "GET / HTTP/1.1\r\nX:"},
    ],
)
def test_an_injection_that_came_with_a_secret_is_refused_at_execution(serve, call, spec):
    receiver = serve(reply(OK.format(0)))
    outcome = call(receiver, **spec)
    assert (outcome.kind, outcome.error) == (OutcomeKind.PERMANENT, "invalid_target")
    assert receiver.accepted == 0
