"""The public keys that verify this stack's tokens."""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.answers import json_answer
from api.calls import call_of

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


@router.get("/.well-known/jwks.json", tags=["service"], summary="The key set that verifies tokens")
def key_set() -> Response[Any]:
    """A JWK set; clients may keep it for five minutes."""
    return json_answer(
        dict(call_of(router).api.signer.key_set()), headers={"cache-control": "public, max-age=300"}
    )
