"""What a route knows of its call: the services, who calls, and the decoded body."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from api.errors import PreconditionRequired
from carillon.domain.access import Principal
from carillon.domain.errors import FieldError, InvalidInput, Unauthenticated
from carillon.domain.reading import unknown_field
from carillon.domain.trace import Trace
from carillon.services.api import Api


@dataclass(frozen=True, slots=True)
class Call:
    """One request, past its doors; `principal` is None on public routes only.

    `trace` is the one that its headers continue, else one of its own.
    """

    api: Api
    principal: Principal | None
    body: Any
    request_id: str
    trace: Trace


def call_of(router: APIGatewayHttpRouter) -> Call:
    """The call that is being answered."""
    call: Call = router.context["call"]
    return call


def caller_of(router: APIGatewayHttpRouter) -> Principal:
    """Who calls; Unauthenticated on a route that forgot to ask."""
    principal = call_of(router).principal
    if principal is None:
        raise Unauthenticated
    return principal


def source_of(router: APIGatewayHttpRouter) -> str:
    """The address the request came from."""
    return router.current_event.request_context.http.source_ip or ""


def operation_of(event: APIGatewayProxyEventV2) -> str:
    """Method and path, as the audit log names an operation."""
    return f"{event.http_method} {event.path}"[:200]


def decoded(path_parameter: str) -> str:
    """A path parameter as it was meant: API Gateway hands it on percent-encoded, and it is decoded exactly once."""
    return unquote(path_parameter)


def expected_version(router: APIGatewayHttpRouter, *, required: bool) -> int | None:
    """The head_version in If-Match; PreconditionRequired when it must be there, InvalidInput when it is none."""
    text = (router.current_event.headers.get("if-match") or "").strip()
    if not text:
        if required:
            raise PreconditionRequired
        return None
    version = text.strip('"')
    if not (version.isascii() and version.isdigit() and len(version) <= 15):
        fault = FieldError("If-Match", 'Send the ETag of what you read, for example If-Match: "7".')
        raise InvalidInput("The If-Match header is not valid.", [fault])
    return int(version)


def no_body(router: APIGatewayHttpRouter) -> None:
    """Refuses a body that would be ignored."""
    if call_of(router).body not in (None, {}):
        raise InvalidInput("This operation takes no body.", [FieldError("(body)", "Leave the body out.")])


def only_query(router: APIGatewayHttpRouter, *known: str) -> None:
    """Refuses query parameters that would be ignored."""
    unknown = sorted(set(router.current_event.query_string_parameters or {}) - set(known))
    if unknown:
        faults = [FieldError(ascii(name[:64])[1:-1], unknown_field(name, known)) for name in unknown]
        raise InvalidInput("The query is not valid.", faults)
