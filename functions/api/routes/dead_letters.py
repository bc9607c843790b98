"""Dead letters: messages that could not be delivered, listed and sent again."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.answers import json_answer, page_answer, position_of
from api.calls import call_of, caller_of, decoded, no_body, only_query
from api.models import answers
from api.run_models import DeadLetterPage, Redriven
from carillon.domain.dead_letter_document import dead_letter_document

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]
LISTING = "dead-letters"
TAGS = ["dead letters"]


@router.get("/v1/dead-letters", tags=TAGS, summary="List dead letters", responses=answers(DeadLetterPage))
def list_dead_letters(
    limit: Annotated[int, Query(ge=1, le=100)] = 50, cursor: Annotated[str | None, Query()] = None
) -> Response[Any]:
    """Newest first, each with the reason for which it was kept."""
    only_query(router, "limit", "cursor")
    call = call_of(router)
    page = call.api.dead_letters.page(caller_of(router), limit, position_of(call, LISTING, cursor))
    return page_answer(call, LISTING, page, dead_letter_document)


@router.post(
    "/v1/dead-letters/<message_id>/redrive",
    tags=TAGS,
    summary="Send a dead letter again",
    responses=answers(Redriven, 404, 409, status=202),
)
def redrive(message_id: str) -> Response[Any]:
    """Only if its run still waits for it; a 409 says why it does not."""
    no_body(router)
    message = call_of(router).api.dead_letters.redrive(caller_of(router), decoded(message_id))
    return json_answer({"run_id": str(message.run_id), "attempt": message.attempt}, 202)
