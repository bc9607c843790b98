"""Where a target may answer without a bearer token: three addresses, opened by the callback token alone."""

import re
from collections.abc import Mapping
from typing import Any, Final

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.calls import call_of
from carillon.domain.errors import CallbackTokenRefused
from carillon.services.answer_callback import Caller

TOKEN_HEADER: Final = "carillon-callback-token"  # noqa: S105 - the header's name
MAX_TOKEN: Final = 128
_ADDRESS: Final = re.compile(r"/v1/runs/[^/]+/(complete|fail|heartbeat)")


def is_callback(method: str, path: str, headers: Mapping[str, Any]) -> bool:
    """Whether a request shows a callback token where one is looked at; a bearer token goes first."""
    if method != "POST" or not _ADDRESS.fullmatch(path):
        return False
    return TOKEN_HEADER in headers and "authorization" not in headers


def answerer_of(router: APIGatewayHttpRouter) -> Caller:
    """Who answers: the principal of the bearer token, else the holder of the callback token."""
    principal = call_of(router).principal
    if principal is not None:
        return Caller(principal=principal)
    token = str(router.current_event.headers.get(TOKEN_HEADER) or "")
    if not 0 < len(token) <= MAX_TOKEN:
        raise CallbackTokenRefused
    return Caller(token=token)
