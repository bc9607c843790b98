"""Schedules: create, read, list, replace, delete, pause, resume, run now."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.answers import etag, json_answer, page_answer, position_of
from api.calendar_models import PauseRequest, ResumeRequest, SkipAnswer, SkipRequest, TriggerRequest
from api.calls import call_of, caller_of, decoded, expected_version, no_body, only_query
from api.models import DocumentedAs, answers
from api.run_models import RunStarted
from api.schedule_models import ScheduleAnswer, ScheduleDocument, SchedulePage, ScheduleSummary
from carillon.domain.definition import read_definition
from carillon.domain.errors import FieldError, InvalidInput
from carillon.domain.head_requests import read_pause, read_resume, read_skip
from carillon.domain.job import Revision
from carillon.domain.payload_definition import read_payload
from carillon.domain.schedule import Schedule
from carillon.domain.schedule_document import schedule_document, schedule_summary
from carillon.domain.schedule_query import read_schedule_query

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]
LISTING = "schedules"
TAGS = ["schedules"]


@router.post(
    "/v1/schedules",
    tags=TAGS,
    summary="Create a schedule",
    responses=answers(ScheduleAnswer, 409, status=201),
)
def create(document: Annotated[Any, DocumentedAs(ScheduleDocument), Body()]) -> Response[Any]:
    """The shortest useful document has an id, an expression and a target; everything else has a default."""
    api = call_of(router).api
    definition = read_definition(document, api.limits, api.clock.now())
    head, revision = api.create_schedule(caller_of(router), definition)
    return _schedule(head, revision, 201, {"location": f"/v1/schedules/{head.schedule_id}"})


@router.get("/v1/schedules", tags=TAGS, summary="List schedules", responses=answers(SchedulePage))
def list_schedules(
    search: Annotated[str | None, Query(max_length=64)] = None,
    owner: Annotated[str | None, Query(max_length=200)] = None,
    state: Annotated[str | None, Query(max_length=20)] = None,
    tag: Annotated[str | None, Query(max_length=400)] = None,
    order: Annotated[Literal["next"] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query()] = None,
) -> Response[Any]:
    """Pages of summaries; send `next_cursor` as `cursor` to go on, also when a page of a search is empty.

    With `order=next` one page: those that fire next, of the hundred of the stack that come first.
    """
    only_query(router, "search", "owner", "state", "tag", "order", "limit", "cursor")
    call, query = call_of(router), read_schedule_query(search, owner, state, tag)
    listing, now = f"{LISTING}:{query}:{order}", call.api.clock.now()
    start, schedules = position_of(call, listing, cursor), call.api.read_schedules
    if order is None:
        page = schedules.page(caller_of(router), limit, start, query)
    else:
        page = schedules.next_to_fire(caller_of(router), limit, query, now)
    return page_answer(call, listing, page, lambda head: schedule_summary(head, now))


@router.get(
    "/v1/schedules/<schedule_id>",
    tags=TAGS,
    summary="Read a schedule",
    responses=answers(ScheduleAnswer, 404),
)
def read(schedule_id: str, include: Annotated[Literal["stats"] | None, Query()] = None) -> Response[Any]:
    """The definition with every default, its state, and its version as the ETag.

    With `include=stats` also `last_run`, and `counters` of the last 24 hours.
    """
    only_query(router, "include")
    api, wanted = call_of(router).api, decoded(schedule_id)
    head, revision = api.read_schedules.one(caller_of(router), wanted)
    return _schedule(head, revision, more=api.read_stats.latest(wanted) if include else None)


@router.put(
    "/v1/schedules/<schedule_id>",
    tags=TAGS,
    summary="Replace a schedule",
    responses=answers(ScheduleAnswer, 404, 412, 428),
)
def replace(
    schedule_id: str, document: Annotated[Any, DocumentedAs(ScheduleDocument), Body()]
) -> Response[Any]:
    """A new revision. Needs `If-Match` with the ETag that was read; the id may be left out of the document."""
    api = call_of(router).api
    version = expected_version(router, required=True)
    definition = read_definition(_for_id(decoded(schedule_id), document), api.limits, api.clock.now())
    return _schedule(*api.replace_schedule(caller_of(router), definition, version))


@router.delete(
    "/v1/schedules/<schedule_id>",
    tags=TAGS,
    summary="Delete a schedule",
    responses=answers(None, 404, 412, 428),
)
def delete(schedule_id: str) -> Response[Any]:
    """Needs `If-Match`. Runs that were not started end SKIPPED; the id can be used again."""
    no_body(router)
    version = expected_version(router, required=True)
    call_of(router).api.delete_schedule(caller_of(router), decoded(schedule_id), version)
    return Response(204, None, "")


@router.post(
    "/v1/schedules/<schedule_id>/pause",
    tags=TAGS,
    summary="Pause a schedule",
    responses=answers(ScheduleSummary, 404, 409, 412),
)
def pause(
    schedule_id: str, document: Annotated[Any, DocumentedAs(PauseRequest), Body()] = None
) -> Response[Any]:
    """No fire time of it starts after the answer. With `until` a tick resumes it at that moment."""
    version, until = expected_version(router, required=False), read_pause(document)
    api = call_of(router).api
    return _summary(api.pause_schedule(caller_of(router), decoded(schedule_id), version, until))


@router.post(
    "/v1/schedules/<schedule_id>/resume",
    tags=TAGS,
    summary="Resume a schedule",
    responses=answers(ScheduleSummary, 404, 409, 412),
)
def resume(
    schedule_id: str, document: Annotated[Any, DocumentedAs(ResumeRequest), Body()] = None
) -> Response[Any]:
    """Fires again from now on; fire times inside the pause are on record, or run with `catch_up`."""
    version, catch_up = expected_version(router, required=False), read_resume(document)
    api = call_of(router).api
    return _summary(api.resume_schedule(caller_of(router), decoded(schedule_id), version, catch_up))


@router.post(
    "/v1/schedules/<schedule_id>/skip-next",
    tags=TAGS,
    summary="Skip the next fire times",
    responses=answers(SkipAnswer, 404, 409, 412),
)
def skip_next(
    schedule_id: str, document: Annotated[Any, DocumentedAs(SkipRequest), Body()] = None
) -> Response[Any]:
    """Runs claimed ahead end SKIPPED at once; `skip_next` says how many more will."""
    version, count = expected_version(router, required=False), read_skip(document)
    call = call_of(router)
    done = call.api.skip_next(caller_of(router), decoded(schedule_id), count, version)
    runs = [str(run.run_id) for run in done.runs]
    document = {**schedule_summary(done.head, call.api.clock.now()), "skipped_runs": runs}
    return json_answer(document, 200, etag(done.head.head_version))


@router.post(
    "/v1/schedules/<schedule_id>/trigger",
    tags=TAGS,
    summary="Run a schedule's job now",
    responses=answers(RunStarted, 404, 412, status=202),
)
def trigger(
    schedule_id: str, document: Annotated[Any, DocumentedAs(TriggerRequest), Body()] = None
) -> Response[Any]:
    """Makes a manual run, also of a paused schedule; poll the address in `Location`. Expressions see the `payload`.

    Needs `X-Timestamp` and `X-Nonce`, so that a copy of the request runs nothing; five a minute unless told otherwise.
    """
    version, payload = expected_version(router, required=False), read_payload(document)
    call = call_of(router)
    run = call.api.trigger_schedule(caller_of(router), decoded(schedule_id), version, call.trace, payload)
    location = {"location": f"/v1/runs/{run.run_id}"}
    return json_answer({"run_id": str(run.run_id), "state": str(run.state)}, 202, location)


def _for_id(schedule_id: str, document: Any) -> Any:
    if not isinstance(document, dict) or document.get("schedule_id") == schedule_id:
        return document
    if document.get("schedule_id") is None:
        return {**document, "schedule_id": schedule_id}
    fault = FieldError("schedule_id", "This differs from the id in the address; an id never changes.")
    raise InvalidInput("The schedule is not valid.", [fault])


def _schedule(
    head: Schedule,
    revision: Revision,
    status: int = 200,
    headers: dict[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
) -> Response[Any]:
    document = {**schedule_document(head, revision, call_of(router).api.clock.now()), **(more or {})}
    return json_answer(document, status, {**etag(head.head_version), **(headers or {})})


def _summary(head: Schedule) -> Response[Any]:
    return json_answer(schedule_summary(head, call_of(router).api.clock.now()), 200, etag(head.head_version))
