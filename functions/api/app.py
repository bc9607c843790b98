"""The resolver with all routes, and what happens to an address or a method that nobody serves."""

import json
import re
from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from api.calls import Call, operation_of
from api.errors import MethodNotAllowed, RouteNotFound
from api.problems import problem_answer
from api.routes import (
    audit,
    backfills,
    calendars,
    compensation,
    confirmations,
    console,
    dead_letters,
    health,
    keys,
    login,
    me,
    openapi,
    revisions,
    roles,
    run_actions,
    runs,
    schedules,
    second_factor,
    stats,
    timetables,
    users,
)
from carillon.domain.errors import Forbidden
from carillon.domain.errors.doors import SecondFactorLocked

app = APIGatewayHttpResolver(enable_validation=True, serializer=json.dumps)
for area in (
    health,
    login,
    keys,
    me,
    second_factor,
    confirmations,
    users,
    roles,
    audit,
    schedules,
    revisions,
    timetables,
    calendars,
    backfills,
    stats,
    runs,
    run_actions,
    compensation,
    dead_letters,
    openapi,
    console,
):
    app.include_router(area.router)


@app.exception_handler(Exception)  # type: ignore[untyped-decorator]
def answer_problem(error: Exception) -> Response[Any]:
    """A route's failure as a problem document."""
    call = app.context["call"]
    if isinstance(error, NotFoundError):
        error = nothing_at(app.current_event.http_method, app.current_event.path)
    note_refusal(call, error, operation_of(app.current_event))
    answer = problem_answer(error, call.request_id, call.api.log)
    headers = dict(answer["headers"])
    return Response(answer["statusCode"], headers.pop("content-type"), answer["body"], headers)


def note_refusal(call: Call, error: Exception, operation: str) -> None:
    """Writes a refusal into the audit log; other failures change nothing and are told to the client alone."""
    if isinstance(error, Forbidden | SecondFactorLocked) and call.principal is not None:
        call.api.access.note_refusal(call.principal, error, operation)


def nothing_at(method: str, path: str) -> Exception:
    """What is wrong with a request that no route takes: its method, or its address."""
    for pattern, methods in _addresses():
        # An address of the right method that no route took holds signs that no id can have.
        if pattern.fullmatch(path) and method not in methods:
            return MethodNotAllowed(", ".join(methods))
    return RouteNotFound()


@cache
def _addresses() -> tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]:
    paths = openapi.document(app)["paths"]
    return tuple(
        (
            re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))),
            tuple(sorted(map(str.upper, methods))),
        )
        for path, methods in paths.items()
    )
