"""One's own account: who I am and what I may do, my password, my sessions."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.access_models import Me, PasswordChange
from api.answers import json_answer
from api.calls import call_of, caller_of, no_body, only_query
from api.models import DocumentedAs, answers
from carillon.domain.user_definition import read_password_change

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]
TAGS = ["access"]


@router.get("/v1/me", tags=TAGS, summary="Read what I may do", responses=answers(Me))
def read_me() -> Response[Any]:
    """Who I am, how I logged in, my roles, and every permission that follows from them."""
    only_query(router)
    return json_answer(call_of(router).api.access.own_account.document(caller_of(router)))


@router.post("/v1/me/password", tags=TAGS, summary="Change my password", responses=answers(None, 409, 429))
def change_password(change: Annotated[Any, DocumentedAs(PasswordChange), Body()]) -> Response[Any]:
    """Ends all sessions of mine, this one too: log in again. Wrong tries count as failed logins."""
    principal = caller_of(router)
    current, new = read_password_change(change, principal.name)
    call_of(router).api.access.own_account.change_password(principal, current, new)
    return Response(204, None, "")


@router.post("/v1/logout", tags=TAGS, summary="Log out", responses=answers(None))
def log_out() -> Response[Any]:
    """This token opens nothing any more."""
    no_body(router)
    call_of(router).api.access.own_account.log_out(caller_of(router))
    return Response(204, None, "")


@router.post("/v1/me/logout-everywhere", tags=TAGS, summary="Log out everywhere", responses=answers(None))
def log_out_everywhere() -> Response[Any]:
    """No token of mine that was issued until now opens anything any more."""
    no_body(router)
    call_of(router).api.access.own_account.log_out_everywhere(caller_of(router))
    return Response(204, None, "")
