"""Backfills of a schedule: tried out, begun, watched, called off."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.answers import json_answer, page_answer, position_of
from api.calls import call_of, caller_of, decoded, no_body, only_query
from api.models import DocumentedAs, answers
from api.progress_models import Backfill, BackfillPage, BackfillQuestion
from carillon.domain.backfill_document import backfill_document, dry_run_document, read_backfill

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]
TAGS = ["backfills"]


@router.post(
    "/v1/schedules/<schedule_id>/backfills",
    tags=TAGS,
    summary="Backfill a range of past fire times",
    responses=answers(Backfill, 404, 409, status=202),
)
def begin(
    schedule_id: str, document: Annotated[Any, DocumentedAs(BackfillQuestion), Body()]
) -> Response[Any]:
    """Runs go on in the background, at most `max_concurrent` at a time. A dry run answers 200 and what would run."""
    only_query(router)
    api, wanted = call_of(router).api, decoded(schedule_id)
    request = read_backfill(document, api.clock.now())
    if request.dry_run:
        return json_answer(dry_run_document(*api.backfills.dry_run(caller_of(router), wanted, request)))
    backfill = api.backfills.begin(caller_of(router), wanted, request)
    address = f"/v1/schedules/{wanted}/backfills/{backfill.backfill_id}"
    return json_answer(backfill_document(backfill), 202, {"location": address})


@router.get(
    "/v1/schedules/<schedule_id>/backfills",
    tags=TAGS,
    summary="List a schedule's backfills",
    responses=answers(BackfillPage, 404),
)
def list_backfills(
    schedule_id: str,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query()] = None,
) -> Response[Any]:
    """Newest first, each with its progress; they are kept for 90 days after their end."""
    only_query(router, "limit", "cursor")
    call, wanted = call_of(router), decoded(schedule_id)
    listing = f"backfills:{wanted}"
    page = call.api.backfills.page(caller_of(router), wanted, limit, position_of(call, listing, cursor))
    return page_answer(call, listing, page, backfill_document)


@router.get(
    "/v1/schedules/<schedule_id>/backfills/<backfill_id>",
    tags=TAGS,
    summary="Read a backfill",
    responses=answers(Backfill, 404),
)
def read(schedule_id: str, backfill_id: str) -> Response[Any]:
    """How far it is: fire times left, runs running, done and failed."""
    only_query(router)
    backfills = call_of(router).api.backfills
    found = backfills.one(caller_of(router), decoded(schedule_id), decoded(backfill_id))
    return json_answer(backfill_document(found))


@router.delete(
    "/v1/schedules/<schedule_id>/backfills/<backfill_id>",
    tags=TAGS,
    summary="Cancel a backfill",
    responses=answers(Backfill, 404, 409),
)
def cancel(schedule_id: str, backfill_id: str) -> Response[Any]:
    """It begins no further run; those it has begun go on. Cancelling it again changes nothing."""
    only_query(router)
    no_body(router)
    backfills = call_of(router).api.backfills
    found = backfills.cancel(caller_of(router), decoded(schedule_id), decoded(backfill_id))
    return json_answer(backfill_document(found))
