"""Attempts as spans: what is told of each, in OpenTelemetry's own shape, and that a collector's trouble is nobody's."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from carillon.adapters import otlp
from carillon.adapters.otlp import OtlpSpans
from carillon.domain.outcome import permanent, retryable
from carillon.domain.run import RunState
from carillon.domain.span import Span, attempt_span
from carillon.domain.trace import Trace, read_trace
from tests.contract.targets.receiver import Receiver, closed_port, reply
from tests.fakes.life import Life
from tests.fakes.log import RecordedLog

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
ID, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SPAN = Span(ID, "b7ad6b7169203331", PARENT, "etl", NOW, NOW + timedelta(milliseconds=1_500),
            {"carillon.run_id": "etl@20261122T020000Z", "carillon.attempt": 2}, None)  # fmt: skip


class Kept:
    """Spans that are only kept."""

    def __init__(self):
        self.spans = []

    def tell(self, span):
        self.spans += [] if span is None else [span]


@pytest.fixture
def life():
    life = Life()
    life.spans = Kept()
    life.execute._spans = life.spans
    return life


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """A collector may take its time: how long it is given is not what these tests are about."""
    monkeypatch.setattr(otlp, "TIMEOUT_SECONDS", 60.0)


@pytest.fixture
def collector():
    receiver = Receiver(reply("HTTP/1.1 200 OK\nContent-Length: 2", b"{}"))
    yield receiver
    receiver.close()


def test_the_attempt_that_a_target_was_called_in_is_the_span_that_is_told(life):
    life.begin()
    (span,), (call,) = life.spans.spans, life.target.calls
    assert call.traceparent == f"00-{span.trace_id}-{span.span_id}-01"
    assert (span.name, span.parent_id, span.error) == ("etl", None, None)
    assert span.attributes == {
        "carillon.run_id": life.run_id,
        "carillon.schedule_id": "etl",
        "carillon.attempt": 1,
        "carillon.origin": "fire",
        "carillon.state": "SUCCEEDED",
    }


def test_an_attempt_lasts_from_its_start_to_its_end_and_says_why_it_failed(life):
    def slow(outcome):
        def answer(call):
            life.clock.advance(3)
            return outcome

        return answer

    life.target.answers = [
        slow(retryable("http_503", "The target is down.")),
        slow(permanent("gone", "Gone.")),
    ]
    life.begin()
    life.work_on()
    first, second = life.spans.spans
    assert [span.ended_at - span.begun_at for span in (first, second)] == [timedelta(seconds=3)] * 2
    assert second.begun_at == life.row.started_at
    assert (first.attributes["carillon.state"], second.attributes["carillon.state"]) == ("RETRYING", "FAILED")
    assert first.error.startswith("The target is down; attempt 2 follows in ")
    assert second.error == "Gone."
    assert first.span_id != second.span_id


def test_a_job_that_waits_is_told_until_its_call_was_answered():
    life = Life(wait=True)
    life.spans = life.execute._spans = Kept()
    life.begin()
    (span,) = life.spans.spans
    assert (span.attributes["carillon.state"], span.error) == ("WAITING", None)


def test_a_span_hangs_below_the_span_of_whoever_asked_for_the_run(life):
    life.tick_once()
    given = Trace(ID, parent_id=PARENT)
    run_id = life.row.run_id
    life.database.runs[run_id] = replace(life.row, given_trace=given)
    life.work()
    (span,) = life.spans.spans
    assert (span.trace_id, span.parent_id) == (ID, PARENT)


def test_of_a_trace_that_its_beginner_does_not_record_nothing_is_told(life):
    life.tick_once()
    run_id = life.row.run_id
    life.database.runs[run_id] = replace(life.row, given_trace=read_trace(f"00-{ID}-{PARENT}-00"))
    life.work()
    assert (life.row.state, life.spans.spans) == (RunState.SUCCEEDED, [])


def test_an_attempt_that_goes_on_or_never_was_is_no_span(life):
    life.begin()
    run = life.row
    begun = replace(
        run, events=tuple(event for event in run.events if event.status is not RunState.SUCCEEDED)
    )
    assert attempt_span(begun, 1) is None
    assert attempt_span(run, 7) is None


def test_spans_arrive_together_as_the_protocol_writes_them(collector):
    log = RecordedLog()
    spans = OtlpSpans(f"http://127.0.0.1:{collector.port}", "prod", log)
    spans.tell(SPAN)
    spans.tell(None)
    spans.tell(replace(SPAN, parent_id=None, error="The target is down."))
    spans.flush()
    spans.flush()
    ((head, body),) = collector.requests
    assert head.startswith("POST /v1/traces HTTP/1.1\r\n")
    assert "Content-Type: application/json" in head
    ((resource,),) = (json.loads(body)["resourceSpans"],)
    assert resource["resource"]["attributes"] == [
        {"key": "service.name", "value": {"stringValue": "carillon"}},
        {"key": "deployment.environment.name", "value": {"stringValue": "prod"}},
    ]
    whole, failed = resource["scopeSpans"][0]["spans"]
    assert whole == {
        "traceId": ID,
        "spanId": SPAN.span_id,
        "parentSpanId": PARENT,
        "name": "etl",
        "kind": 3,
        "startTimeUnixNano": "1795312800000000000",
        "endTimeUnixNano": "1795312801500000000",
        "attributes": [
            {"key": "carillon.run_id", "value": {"stringValue": "etl@20261122T020000Z"}},
            {"key": "carillon.attempt", "value": {"intValue": "2"}},
        ],
        "status": {},
    }
    assert failed["status"] == {"code": 2, "message": "The target is down."}
    assert "parentSpanId" not in failed
    assert log.lines == []


def test_without_spans_the_collector_is_left_alone(collector):
    OtlpSpans(f"http://127.0.0.1:{collector.port}", "prod", RecordedLog()).flush()
    assert collector.accepted == 0


def test_a_collector_that_refuses_or_is_gone_costs_a_line_and_the_spans():
    log = RecordedLog()
    receiver = Receiver(reply("HTTP/1.1 503 Busy\nContent-Length: 0"))
    with closed_port() as port:
        for each in (receiver.port, port):
            refused = OtlpSpans(f"http://127.0.0.1:{each}", "prod", log)
            refused.tell(SPAN)
            refused.flush()
    receiver.close()
    assert log.actions == ["spans_dropped", "spans_dropped"]
    assert [fields for _, _, fields in log.lines] == [{"spans": 1}] * 2
    assert "503" in log.lines[0][1]


def test_spans_of_many_threads_are_told_once_each(collector):
    spans = OtlpSpans(f"http://127.0.0.1:{collector.port}", "prod", RecordedLog())
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(spans.tell, [SPAN] * 100))
    spans.flush()
    ((_, body),) = collector.requests
    assert len(json.loads(body)["resourceSpans"][0]["scopeSpans"][0]["spans"]) == 100
