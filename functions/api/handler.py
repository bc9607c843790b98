"""The HTTP API: what must hold for every request, then the route, then the headers of every answer."""

from dataclasses import replace
from typing import Any

from api.admission import admit, path_of
from api.app import app, note_refusal
from api.calls import Call
from api.gate import answer
from api.headers import with_security_headers
from api.problems import problem_answer
from api.request_body import body_of, with_plain_headers
from carillon.domain.trace import begin_trace, trace_of_headers
from carillon.log import traced
from carillon.services.api import Api
from carillon.wiring.api import wire_api


def handle(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda's door."""
    return respond(event, wire_api(), context)


def respond(event: dict[str, Any], api: Api, context: object = None) -> dict[str, Any]:
    """The answer to one request; whatever goes wrong is a problem document."""
    event, request_id = with_plain_headers(event), str(event["requestContext"].get("requestId", ""))
    trace = trace_of_headers(event["headers"]) or begin_trace(f"{request_id} {api.clock.now()}")
    with traced(trace.trace_id):
        answered = with_security_headers(_answer(event, Call(api, None, None, request_id, trace), context))
    # Nothing of its own: what the process asked of KMS and was throttled in, if there was any.
    api.metrics.put_all({})
    return answered


def _answer(event: dict[str, Any], call: Call, context: object) -> dict[str, Any]:
    try:
        body = body_of(event)
        call = replace(call, principal=admit(event, call.api), body=body)
        return answer(event, call, lambda event, call: _resolve(event, call, context))
    except Exception as error:  # noqa: BLE001 - the edge of the API: whatever it is, it is answered
        note_refusal(call, error, f"{event['requestContext']['http']['method']} {path_of(event)}"[:200])
        return problem_answer(error, call.request_id, call.api.log)


def _resolve(event: dict[str, Any], call: Call, context: object) -> dict[str, Any]:
    app.append_context(call=call)  # type: ignore[no-untyped-call]
    try:
        return app.resolve(event, context)  # type: ignore[arg-type]
    finally:
        app.clear_context()  # type: ignore[no-untyped-call]
