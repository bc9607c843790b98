"""Confirmations: what waits for me, and my reply. A code is taken at the gate, which then does what was asked."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.answers import json_answer
from api.calls import call_of, caller_of, decoded, only_query
from api.models import DocumentedAs, answers
from api.second_factor_models import ConfirmationAnswer, ConfirmationList, ConfirmationReply
from carillon.domain.confirmation import Confirmation, confirmation_document

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]
TAGS = ["second factor"]


@router.get(
    "/v1/confirmations", tags=TAGS, summary="List what waits for me", responses=answers(ConfirmationList)
)
def list_waiting() -> Response[Any]:
    """My own operations, and those of machines that my roles confirm; newest first."""
    only_query(router)
    found = call_of(router).api.doors.confirmations.waiting(caller_of(router))
    return json_answer({"items": [_document(each) for each in found], "next_cursor": None})


@router.get(
    "/v1/confirmations/<confirmation_id>",
    tags=TAGS,
    summary="Read a confirmation",
    responses=answers(ConfirmationAnswer, 404),
)
def read(confirmation_id: str) -> Response[Any]:
    """What exactly will happen, and how it stands; ended ones can be read for a day."""
    only_query(router)
    confirmations = call_of(router).api.doors.confirmations
    return json_answer(_document(confirmations.one(caller_of(router), decoded(confirmation_id))))


@router.post(
    "/v1/confirmations/<confirmation_id>",
    tags=TAGS,
    summary="Confirm or decline an operation",
    responses=answers(ConfirmationAnswer, 404, 409, 412, 429),
)
def decline(
    confirmation_id: str, document: Annotated[Any, DocumentedAs(ConfirmationReply), Body()]
) -> Response[Any]:
    """With a code it is carried out, once, and its own answer is given; declined, nobody can confirm it any more."""
    del document  # Read at the gate: only a reply that declines comes here.
    confirmations = call_of(router).api.doors.confirmations
    return json_answer(_document(confirmations.decline(caller_of(router), decoded(confirmation_id))))


def _document(confirmation: Confirmation) -> dict[str, Any]:
    return confirmation_document(confirmation, call_of(router).api.clock.now())
