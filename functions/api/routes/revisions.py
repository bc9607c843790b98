"""The revisions of a schedule: what it was, and who made it so."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.answers import json_answer, page_answer, position_of
from api.calls import call_of, caller_of, decoded, only_query
from api.models import answers
from api.progress_models import RevisionAnswer, RevisionPage
from carillon.domain.schedule_document import revision_document

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


@router.get(
    "/v1/schedules/<schedule_id>/revisions",
    tags=["schedules"],
    summary="List a schedule's revisions",
    responses=answers(RevisionPage, 404),
)
def list_revisions(
    schedule_id: str,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query()] = None,
) -> Response[Any]:
    """Newest first; one of them is what every run of its time has executed."""
    only_query(router, "limit", "cursor")
    call, wanted = call_of(router), decoded(schedule_id)
    listing = f"revisions:{wanted}"
    page = call.api.read_schedules.revisions(
        caller_of(router), wanted, limit, position_of(call, listing, cursor)
    )
    return page_answer(call, listing, page, revision_document)


@router.get(
    "/v1/schedules/<schedule_id>/revisions/<number>",
    tags=["schedules"],
    summary="Read a revision",
    responses=answers(RevisionAnswer, 404),
)
def read_revision(schedule_id: str, number: Annotated[int, Path(ge=1, le=99_999)]) -> Response[Any]:
    """The definition as it was saved, also of a schedule that is deleted."""
    only_query(router)
    found = call_of(router).api.read_schedules.revision(caller_of(router), decoded(schedule_id), number)
    return json_answer(revision_document(found))
