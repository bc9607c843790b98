"""What an operator does about effects that a failed run left behind: compensate again, or settle with a note."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.answers import json_answer
from api.calls import call_of, caller_of, decoded, no_body
from api.models import DocumentedAs, answers
from api.run_models import RunAnswer, RunSettlement
from carillon.domain.run_document import run_document
from carillon.domain.settlement import read_note

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


@router.post(
    "/v1/runs/<run_id>/compensate",
    tags=["runs"],
    summary="Take a run's effects back again",
    responses=answers(RunAnswer, 404, 409, status=202),
)
def compensate(run_id: str) -> Response[Any]:
    """For a run whose compensation failed: goes on with what is left. For an UNKNOWN one: begins."""
    no_body(router)
    run = call_of(router).api.settle_run.compensate(caller_of(router), decoded(run_id))
    return json_answer(run_document(run), 202)


@router.post(
    "/v1/runs/<run_id>/settle",
    tags=["runs"],
    summary="Declare a failed compensation settled",
    responses=answers(RunAnswer, 404, 409),
)
def settle(
    run_id: str, document: Annotated[Any, DocumentedAs(RunSettlement), Body()] = None
) -> Response[Any]:
    """Ends it COMPENSATED; the note says how the effects were dealt with, and stands in the audit."""
    note = read_note(document)
    return json_answer(
        run_document(call_of(router).api.settle_run.settle(caller_of(router), decoded(run_id), note))
    )
