"""Timetables told beforehand: of a draft, or of a saved schedule."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.answers import json_answer
from api.calls import call_of, caller_of, decoded, only_query
from api.models import DocumentedAs, answers
from api.progress_models import Preview, PreviewQuestion, Upcoming
from carillon.domain.preview_document import read_preview

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


@router.post(
    "/v1/timetables/preview", tags=["timetables"], summary="Preview a timetable", responses=answers(Preview)
)
def preview(document: Annotated[Any, DocumentedAs(PreviewQuestion), Body()]) -> Response[Any]:
    """A sentence in words and the next fire times; a change of clocks that moves or skips one is explained."""
    only_query(router)
    api = call_of(router).api
    request = read_preview(document, api.limits, api.clock.now())
    return json_answer(api.preview_timetable(caller_of(router), request))


@router.get(
    "/v1/schedules/<schedule_id>/upcoming",
    tags=["timetables"],
    summary="List a schedule's next fire times",
    responses=answers(Upcoming, 404),
)
def upcoming(schedule_id: str, count: Annotated[int, Query(ge=1, le=100)] = 10) -> Response[Any]:
    """From now on, those that are claimed already included; empty while the schedule does not fire."""
    only_query(router, "count")
    service = call_of(router).api.preview_timetable
    return json_answer(service.of_schedule(caller_of(router), decoded(schedule_id), count))
