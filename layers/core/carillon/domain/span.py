"""An attempt as a span of its run's trace, and spans as OpenTelemetry's protocol writes them in JSON."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from carillon.domain.moments import to_ms
from carillon.domain.run import FAILURES, Run, RunState

SERVICE: Final = "carillon"
_CLIENT: Final = 3
_ERROR: Final = 2
_NANOSECONDS: Final = 1_000_000
_FAILED: Final = FAILURES | {RunState.RETRYING, RunState.COMPENSATING}


@dataclass(frozen=True, slots=True)
class Span:
    """One attempt, from its start to its end; `error` says why it failed, None where it did not."""

    trace_id: str
    span_id: str
    parent_id: str | None
    name: str
    begun_at: datetime
    ended_at: datetime
    attributes: Mapping[str, str | int]
    error: str | None


def attempt_span(run: Run, attempt: int) -> Span | None:
    """An attempt as its run's story tells it; None while it goes on, or where the trace's beginner records nothing."""
    told = [event for event in run.events if event.attempt == attempt]
    begin = next((event for event in told if event.status is RunState.RUNNING), None)
    end = next((event for event in told if event.status is not RunState.RUNNING), None)
    if begin is None or end is None or not run.trace.is_sampled:
        return None
    return Span(
        run.trace.trace_id,
        run.span_id(attempt),
        run.trace.parent_id,
        run.run_id.schedule_id,
        begin.timestamp,
        end.timestamp,
        {
            "carillon.run_id": str(run.run_id),
            "carillon.schedule_id": run.run_id.schedule_id,
            "carillon.attempt": attempt,
            "carillon.origin": str(run.origin),
            "carillon.state": str(end.status),
        },
        end.message if end.status in _FAILED else None,
    )


def spans_document(spans: Iterable[Span], environment: str) -> dict[str, Any]:
    """The body of an export request: one resource, the stack, with all spans."""
    resource = {"service.name": SERVICE, "deployment.environment.name": environment}
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes(resource)},
                "scopeSpans": [{"scope": {"name": SERVICE}, "spans": [_span(span) for span in spans]}],
            }
        ]
    }


def _span(span: Span) -> dict[str, Any]:
    document: dict[str, Any] = {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "name": span.name,
        "kind": _CLIENT,
        "startTimeUnixNano": str(to_ms(span.begun_at) * _NANOSECONDS),
        "endTimeUnixNano": str(to_ms(span.ended_at) * _NANOSECONDS),
        "attributes": _attributes(span.attributes),
        "status": {} if span.error is None else {"code": _ERROR, "message": span.error},
    }
    return document if span.parent_id is None else {**document, "parentSpanId": span.parent_id}


def _attributes(values: Mapping[str, str | int]) -> list[dict[str, Any]]:
    """Whole numbers are texts in the protocol's JSON."""
    return [
        {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
        for key, value in values.items()
    ]
