"""What the routes' own descriptions cannot say: headers, the doors' answers, examples; from the table of operations."""

from collections.abc import Mapping
from typing import Any, Final

from api.examples import EXAMPLES
from api.operations import OPERATIONS, Operation
from carillon.domain.risk import RISKS

_PROBLEM: Final = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_NEEDED: Final = {"$ref": "#/components/schemas/ConfirmationNeeded"}
_IF_MATCH: Final = 'The ETag of what was read, such as "7".'
_HEADERS: Final[Mapping[str, tuple[str, str]]] = {
    "X-Timestamp": ("When the request was made: epoch seconds or RFC 3339, 300 s either way.", r"^\S{9,40}$"),
    "X-Nonce": ("Sent once and never again, such as a UUID.", r"^[A-Za-z0-9_.~-]{16,128}$"),
    "Idempotency-Key": ("The same key and request get the same answer for 24 hours.", r"^[!-~]{1,128}$"),
    "If-Match": (_IF_MATCH, r'^"?[0-9]{1,15}"?$'),
}


def complete(described: dict[str, Any]) -> None:
    """Adds to an OpenAPI document what holds before a route is reached."""
    described["components"]["schemas"]["ConfirmationNeeded"] = {
        "type": "object",
        "title": "ConfirmationNeeded",
        "required": ["confirmation"],
        "properties": {"confirmation": {"$ref": "#/components/schemas/ConfirmationAnswer"}},
    }
    for path, operations in described["paths"].items():
        for method, description in operations.items():
            address = f"{method.upper()} {path}"
            _conditions(description)
            if "{" in path:
                _problem(
                    description["responses"],
                    "405",
                    "Decoded, the address is another one, without this method",
                )
            if address in OPERATIONS:
                _doors(description, method, OPERATIONS[address])
            if address in EXAMPLES:
                description["requestBody"]["content"]["application/json"]["example"] = EXAMPLES[address]
            _retry_after(description["responses"])


def _conditions(description: dict[str, Any]) -> None:
    if "412" in description["responses"]:
        _header(description, "If-Match", required="428" in description["responses"])


def _doors(description: dict[str, Any], method: str, operation: Operation) -> None:
    responses = description["responses"]
    if operation.is_fresh:
        _header(description, "X-Timestamp", required=True)
        _header(description, "X-Nonce", required=True)
        _problem(responses, "409", "The nonce was used before")
    if method == "post":
        _header(description, "Idempotency-Key", required=False)
        _problem(
            responses,
            "409",
            "The Idempotency-Key's request is under way, broke off, or has an answer not kept",
        )
        _problem(responses, "422", "The Idempotency-Key was used for another request")
    if operation.limited_as is not None or operation.name in RISKS:
        _problem(responses, "429", "Too many of these in short time")
    if operation.name in RISKS:
        _needs_confirmation(responses)


def _needs_confirmation(responses: dict[str, Any]) -> None:
    own = responses.get("202", {}).get("content", {}).get("application/json", {}).get("schema")
    described = "Needs a confirmation: POST /v1/confirmations/{confirmation_id} with a code carries it out"
    schema = _NEEDED if own is None else {"anyOf": [own, _NEEDED]}
    responses["202"] = {
        "description": described if own is None else f"Done, or: {described[0].lower()}{described[1:]}",
        "content": {"application/json": {"schema": schema}},
    }


def _header(description: dict[str, Any], name: str, *, required: bool) -> None:
    text, pattern = _HEADERS[name]
    schema = {"type": "string", "pattern": pattern}
    description.setdefault("parameters", []).append(
        {"name": name, "in": "header", "required": required, "description": text, "schema": schema}
    )


def _problem(responses: dict[str, Any], status: str, text: str) -> None:
    responses.setdefault(status, {"description": text, "content": _PROBLEM})


def _retry_after(responses: dict[str, Any]) -> None:
    for status in ("429", "503"):
        if status in responses:
            header = {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}}
            responses[status]["headers"] = {"Retry-After": header}
