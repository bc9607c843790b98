"""The second door: every route needs a bearer token, except those listed here and the console's own files."""

from collections.abc import Mapping
from typing import Any, Final

from api.callback_door import is_callback
from api.console_files import is_console
from carillon.domain.access import Principal
from carillon.domain.errors import PasswordChangeRequired, Unauthenticated
from carillon.services.api import Api

PUBLIC: Final = frozenset(
    {
        ("GET", "/v1/health"),
        ("POST", "/v1/login"),
        ("GET", "/.well-known/jwks.json"),
        ("GET", "/openapi.json"),
    }
)
WITH_ONE_TIME_PASSWORD: Final = frozenset(
    {("GET", "/v1/me"), ("POST", "/v1/me/password"), ("POST", "/v1/logout")}
)
"""All that a session can do that was begun with a password for one use."""

MAX_TOKEN: Final = 4096


def admit(event: Mapping[str, Any], api: Api) -> Principal | None:
    """Who calls, None on a public route; Unauthenticated."""
    request = event["requestContext"]
    method, path = request["http"]["method"], path_of(event)
    if (method, path) in PUBLIC or is_console(method, path) or is_callback(method, path, event["headers"]):
        return None
    scheme, _, token = str(event["headers"].get("authorization", "")).partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(token.strip()) <= MAX_TOKEN:
        raise Unauthenticated(
            "Send a token in the header Authorization: Bearer ...; POST /v1/login gives one."
        )
    principal = api.access.authenticate(token.strip(), str(request["http"].get("sourceIp", "")))
    if principal.must_change_password and (method, path) not in WITH_ONE_TIME_PASSWORD:
        raise PasswordChangeRequired
    return principal


def path_of(event: Mapping[str, Any]) -> str:
    """The address without the stage's name."""
    path, stage = str(event["rawPath"]), event["requestContext"].get("stage", "$default")
    return path if stage == "$default" else path.removeprefix(f"/{stage}")
