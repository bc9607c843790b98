"""The HTTP API: what must hold for every request, then the route, then the headers of every answer."""

from typing import Any

from api.admission import admit, path_of
from api.app import app, note_refusal
from api.calls import Call
from api.gate import answer
from api.headers import with_security_headers
from api.problems import problem_answer
from api.request_body import body_of, with_plain_headers
from carillon.services.api import Api
from carillon.wiring.api import wire_api


def handle(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda's door."""
    return respond(event, wire_api(), context)


def respond(event: dict[str, Any], api: Api, context: object = None) -> dict[str, Any]:
    """The answer to one request; whatever goes wrong is a problem document."""
    request_id = str(event["requestContext"].get("requestId", ""))
    call = Call(api, None, None, request_id)
    try:
        event = with_plain_headers(event)
        body = body_of(event)
        call = Call(api, admit(event, api), body, request_id)
        answered = answer(event, call, lambda event, call: _resolve(event, call, context))
    except Exception as error:  # noqa: BLE001 - the edge of the API: whatever it is, it is answered
        note_refusal(call, error, f"{event['requestContext']['http']['method']} {path_of(event)}"[:200])
        answered = problem_answer(error, request_id, api.log)
    return with_security_headers(answered)


def _resolve(event: dict[str, Any], call: Call, context: object) -> dict[str, Any]:
    app.append_context(call=call)  # type: ignore[no-untyped-call]
    try:
        return app.resolve(event, context)  # type: ignore[arg-type]
    finally:
        app.clear_context()  # type: ignore[no-untyped-call]
