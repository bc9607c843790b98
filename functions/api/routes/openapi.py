"""The API's own description."""

import json
from functools import cache
from typing import Any, Final

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.models import APIKey, HTTPBearer
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.admission import PUBLIC
from api.answers import json_answer
from api.callback_door import TOKEN_HEADER, is_callback
from api.description import complete

VERSION: Final = "v1"
router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


@cache
def document(app: APIGatewayHttpResolver) -> dict[str, Any]:
    """The OpenAPI document; every operation needs the bearer token but those that are public."""
    text = app.get_openapi_json_schema(
        title="Carillon",
        version=VERSION,
        description="An enterprise task scheduler in your own AWS account.",
        security_schemes={
            "bearer": HTTPBearer(bearerFormat="JWT"),
            "callback": APIKey.model_validate({"name": "Carillon-Callback-Token", "in": "header"}),
        },
        security=[{"bearer": []}],
    )
    described: dict[str, Any] = json.loads(text)
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            # Powertools' own answer to a request that is not valid; ours is a 400.
            operation["responses"].pop("422", None)
            if (method.upper(), path) in PUBLIC:
                operation["security"] = []
            if is_callback(method.upper(), path, {TOKEN_HEADER: ""}):
                operation["security"] = [{"bearer": []}, {"callback": []}]
    complete(described)
    for name in ("HTTPValidationError", "ValidationError", "ResponseValidationError"):
        described["components"]["schemas"].pop(name, None)
    return described


@router.get("/openapi.json", tags=["service"], summary="This description")
def description() -> Response[Any]:
    """The OpenAPI 3.1 document of this API."""
    return json_answer(document(router.api_resolver), headers={"cache-control": "public, max-age=300"})
