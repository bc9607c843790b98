"""Counts by hour: of one schedule, or of all together."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.answers import json_answer
from api.calls import call_of, caller_of, decoded, only_query
from api.models import answers
from api.progress_models import Overview, ScheduleStats
from carillon.domain.reading import Faults, Section

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]
TAGS = ["stats"]


@router.get(
    "/v1/schedules/<schedule_id>/stats",
    tags=TAGS,
    summary="Count a schedule's runs by hour",
    responses=answers(ScheduleStats, 404),
)
def of_schedule(
    schedule_id: str,
    first: Annotated[str | None, Query(alias="from")] = None,
    last: Annotated[str | None, Query(alias="to")] = None,
) -> Response[Any]:
    """Runs that ended in each UTC hour from `from` to `to`, at most 31 days, a day up to now unless told."""
    only_query(router, "from", "to")
    faults = Faults()
    query = Section({"from": first, "to": last}, "", faults, ("from", "to"))
    begin, end = query.moment("from"), query.moment("to")
    faults.raise_any("The query is not valid.")
    return json_answer(
        call_of(router).api.read_stats.of_schedule(caller_of(router), decoded(schedule_id), begin, end)
    )


@router.get("/v1/stats", tags=TAGS, summary="Count all runs by hour", responses=answers(Overview))
def overview(hours: Annotated[int, Query(ge=1, le=168)] = 24) -> Response[Any]:
    """Runs of all schedules that ended in the present UTC hour and in those before it."""
    only_query(router, "hours")
    return json_answer(call_of(router).api.read_stats.overview(caller_of(router), hours))
