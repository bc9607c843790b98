"""Runs: a schedule's, newest first, and one with its story."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.answers import json_answer, page_answer, position_of
from api.calls import call_of, caller_of, decoded, only_query
from api.models import answers
from api.run_models import RunLogAnswer, RunPage, RunTreeAnswer
from carillon.domain.run_document import run_document
from carillon.domain.run_query import read_run_query
from carillon.domain.workflow.tree_document import graph_document, rows_document

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


@router.get(
    "/v1/schedules/<schedule_id>/runs",
    tags=["runs"],
    summary="List a schedule's runs",
    responses=answers(RunPage, 404),
)
def list_runs(
    schedule_id: str,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query()] = None,
) -> Response[Any]:
    """Newest first, those waiting for a fire time that is still to come before all others."""
    only_query(router, "limit", "cursor")
    call, wanted = call_of(router), decoded(schedule_id)
    listing = f"runs:{wanted}"
    page = call.api.read_runs.of_schedule(
        caller_of(router), wanted, limit, position_of(call, listing, cursor)
    )
    return page_answer(call, listing, page, run_document)


@router.get("/v1/runs", tags=["runs"], summary="Find runs over all schedules", responses=answers(RunPage))
def find_runs(
    state: Annotated[str, Query(max_length=40)],
    since: Annotated[str | None, Query(max_length=40)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query()] = None,
) -> Response[Any]:
    """`state` is `failed`, `unfinished` or one such state; failed runs ended `since`, a week ago unless told.

    Workflows stand for their steps. A page can be shorter than `limit`, and the list still go on.
    """
    only_query(router, "state", "since", "limit", "cursor")
    call = call_of(router)
    query = read_run_query(state, since, call.api.clock.now())
    listing = f"found-runs:{state}:{since}"
    page = call.api.find_runs(caller_of(router), query, limit, position_of(call, listing, cursor))
    return page_answer(call, listing, page, run_document)


@router.get(
    "/v1/runs/<run_id>/log",
    tags=["runs"],
    summary="Read what a run's task wrote",
    responses=answers(RunLogAnswer, 404),
)
def read_run_log(run_id: str, attempt: Annotated[int | None, Query(ge=1, le=1000)] = None) -> Response[Any]:
    """The last 200 lines or 32 KiB of an attempt, the latest unless told; while it runs at most seconds behind."""
    only_query(router, "attempt")
    log, shown = call_of(router).api.read_runs.log(caller_of(router), decoded(run_id), attempt)
    return json_answer(log.document(shown))


@router.get(
    "/v1/runs/<run_id>", tags=["runs"], summary="Read a run", responses=answers(RunTreeAnswer, 404, 422)
)
def read_run(run_id: str) -> Response[Any]:
    """Its state and every event of its story; of a workflow also its steps, and its graph for drawing.

    A run whose row has expired is found in the archive, and says so under `archived`.
    """
    view = call_of(router).api.read_runs.view(caller_of(router), decoded(run_id))
    steps = {"steps": rows_document(view.tree, view.job), "graph": graph_document(view.job)}
    return json_answer(run_document(view.tree.top) | steps | {"archived": view.is_archived})
