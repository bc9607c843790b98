"""Calendars: create, read, list, replace, delete."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.answers import etag, json_answer, page_answer, position_of
from api.calendar_models import CalendarAnswer, CalendarDocument, CalendarPage
from api.calls import call_of, caller_of, decoded, expected_version, no_body, only_query
from api.models import DocumentedAs, answers
from carillon.domain.calendar_definition import calendar_document, read_calendar
from carillon.domain.calendars import Calendar
from carillon.domain.errors import FieldError, InvalidInput

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]
LISTING = "calendars"
TAGS = ["calendars"]


@router.post(
    "/v1/calendars",
    tags=TAGS,
    summary="Create a calendar",
    responses=answers(CalendarAnswer, 409, status=201),
)
def create(document: Annotated[Any, DocumentedAs(CalendarDocument), Body()]) -> Response[Any]:
    """Days on which the schedules that name it do not fire: dates, ranges of dates, days of the week."""
    api = call_of(router).api
    calendar = read_calendar(document, api.clock.now())
    made = api.calendars.create(caller_of(router), calendar)
    return _calendar(made, 201, {"location": f"/v1/calendars/{made.name}"})


@router.get("/v1/calendars", tags=TAGS, summary="List calendars", responses=answers(CalendarPage))
def list_calendars(
    limit: Annotated[int, Query(ge=1, le=100)] = 50, cursor: Annotated[str | None, Query()] = None
) -> Response[Any]:
    """In the order of their names; send `next_cursor` as `cursor` to go on."""
    only_query(router, "limit", "cursor")
    call = call_of(router)
    page = call.api.calendars.page(caller_of(router), limit, position_of(call, LISTING, cursor))
    return page_answer(call, LISTING, page, calendar_document)


@router.get(
    "/v1/calendars/<name>", tags=TAGS, summary="Read a calendar", responses=answers(CalendarAnswer, 404)
)
def read(name: str) -> Response[Any]:
    """Its days, and its version as the ETag."""
    return _calendar(call_of(router).api.calendars.one(caller_of(router), decoded(name)))


@router.put(
    "/v1/calendars/<name>",
    tags=TAGS,
    summary="Replace a calendar",
    responses=answers(CalendarAnswer, 404, 412, 428),
)
def replace(name: str, document: Annotated[Any, DocumentedAs(CalendarDocument), Body()]) -> Response[Any]:
    """Needs `If-Match`. Acts on fire times that are not claimed yet: from three minutes on at the latest."""
    api, version = call_of(router).api, expected_version(router, required=True)
    calendar = read_calendar(_for_name(decoded(name), document), api.clock.now())
    return _calendar(api.calendars.replace(caller_of(router), calendar, version))


@router.delete(
    "/v1/calendars/<name>",
    tags=TAGS,
    summary="Delete a calendar",
    responses=answers(None, 404, 409, 412, 428),
)
def delete(name: str) -> Response[Any]:
    """Needs `If-Match`. Refused with their ids while schedules name it."""
    no_body(router)
    version = expected_version(router, required=True)
    call_of(router).api.calendars.delete(caller_of(router), decoded(name), version)
    return Response(204, None, "")


def _for_name(name: str, document: Any) -> Any:
    if not isinstance(document, dict) or document.get("name") == name:
        return document
    if document.get("name") is None:
        return {**document, "name": name}
    fault = FieldError("name", "This differs from the name in the address; a name never changes.")
    raise InvalidInput("The calendar is not valid.", [fault])


def _calendar(calendar: Calendar, status: int = 200, headers: dict[str, str] | None = None) -> Response[Any]:
    return json_answer(calendar_document(calendar), status, {**etag(calendar.version), **(headers or {})})
