"""A user's name and password, or a machine's key, for a token."""

from typing import Annotated, Any, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.access_models import Credentials
from api.answers import json_answer
from api.calls import call_of, source_of
from api.models import DocumentedAs, answers
from api.models import Token as TokenModel
from carillon.domain.moments import to_rfc3339
from carillon.domain.password import LONGEST_PASSWORD
from carillon.domain.reading import Faults, Section
from carillon.domain.service_key import LONGEST_KEY

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]
_BEARER: Final = "Bearer"


@router.post("/v1/login", tags=["access"], summary="Log in", responses=answers(TokenModel, 429))
def log_in(credentials: Annotated[Any, DocumentedAs(Credentials), Body()]) -> Response[Any]:
    """Gives a bearer token for an hour: to a person for user and password, to a machine for its key.

    After ten failures in fifteen minutes it answers 429.
    """
    login, source = call_of(router).api.access.login, source_of(router)
    user, password, key = _read(credentials)
    session = login.with_key(key, source) if key else login(user, password, source)
    expires_at = to_rfc3339(session.expires_at)
    return json_answer({"token": session.token, "token_type": _BEARER, "expires_at": expires_at})


def _read(document: Any) -> tuple[str, str, str]:
    faults = Faults()
    body = Section(document, "", faults, ("user", "password", "key"))
    user, password = body.text("user", longest=64), body.text("password", longest=LONGEST_PASSWORD)
    key = body.text("key", longest=LONGEST_KEY)
    if key and (user or password):
        body.fault("key", "Send a key alone, or user and password.")
    for name, value in (("user", user), ("password", password)):
        if not value and not key:
            body.fault(name, "This is required.")
    faults.raise_any("The login is not valid.")
    return user, password, key
