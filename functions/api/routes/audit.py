"""The audit log: who did what, newest first."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.access_models import AuditPage
from api.answers import page_answer, position_of
from api.calls import call_of, caller_of, only_query
from api.models import answers
from carillon.domain.audit_query import audit_document, read_query

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


@router.get("/v1/audit", tags=["access"], summary="Read the audit log", responses=answers(AuditPage))
def read_audit(
    actor: Annotated[str | None, Query(max_length=200)] = None,
    object: Annotated[str | None, Query(max_length=200)] = None,
    first: Annotated[str | None, Query(alias="from")] = None,
    last: Annotated[str | None, Query(alias="to")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query()] = None,
) -> Response[Any]:
    """The last seven days unless `from` and `to` say otherwise; of one `actor`, about one `object`, or all."""
    only_query(router, "actor", "object", "from", "to", "limit", "cursor")
    call = call_of(router)
    query = read_query(actor, object, first, last, call.api.clock.now())
    listing = f"audit:{actor}:{object}:{first}:{last}"
    page = call.api.access.read_audit(caller_of(router), query, limit, position_of(call, listing, cursor))
    return page_answer(call, listing, page, audit_document)
