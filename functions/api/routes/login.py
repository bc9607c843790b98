"""A user's name and password for a token."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.answers import json_answer
from api.calls import call_of, source_of
from api.models import Credentials, DocumentedAs, answers
from api.models import Token as TokenModel
from carillon.domain.moments import to_rfc3339
from carillon.domain.password import LONGEST_PASSWORD
from carillon.domain.reading import Faults, Section

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


@router.post("/v1/login", tags=["access"], summary="Log in", responses=answers(TokenModel, 400, 401, 429))
def log_in(credentials: Annotated[Any, DocumentedAs(Credentials), Body()]) -> Response[Any]:
    """Gives a bearer token that is good for an hour. After ten failures in fifteen minutes it answers 429."""
    user, password = _read(credentials)
    session = call_of(router).api.login(user, password, source_of(router))
    expires_at = to_rfc3339(session.expires_at)
    return json_answer({"token": session.token, "token_type": "Bearer", "expires_at": expires_at})  # nosec B105


def _read(document: Any) -> tuple[str, str]:
    faults = Faults()
    body = Section(document, "", faults, ("user", "password"))
    user, password = body.text("user", longest=64), body.text("password", longest=LONGEST_PASSWORD)
    for name, value in (("user", user), ("password", password)):
        if not value:
            body.fault(name, "This is required.")
    faults.raise_any("The login is not valid.")
    return user, password
