"""Whether the API answers at all."""

from typing import Any

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


@router.get("/v1/health", tags=["service"], summary="Whether the API answers")
def health() -> dict[str, Any]:
    """Says so; it looks at nothing else, because a load balancer asks often."""
    return {"status": "ok"}
