"""The shapes that all operations share in the API's OpenAPI description; requests are judged by the domain."""

from datetime import datetime
from typing import Any, Literal

from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse
from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema


class DocumentedAs:
    """Marks a body that is described as a model but handed to the route as it was decoded."""

    def __init__(self, model: type[BaseModel]) -> None:
        self._model = model

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.any_schema()

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return handler(self._model.__pydantic_core_schema__)


class Strict(BaseModel):
    """A request's object: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Token(BaseModel):
    token: str
    token_type: Literal["Bearer"]
    expires_at: datetime


class FieldFault(BaseModel):
    field: str
    message: str


class Problem(BaseModel):
    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldFault]
    request_id: str


_MEANINGS = {
    400: "The request is not valid",
    401: "A valid token is required",
    403: "A permission is missing",
    404: "There is no such thing",
    409: "The present state does not allow it",
    412: "It has changed since it was read",
    413: "The body is too large",
    415: "The body is not JSON",
    422: "It is too much for one request",
    428: "If-Match is required",
    429: "Too many tries",
    503: "Try again",
}


def answers(model: type[BaseModel] | None, *failures: int, status: int = 200) -> dict[int, OpenAPIResponse]:
    """The answers of an operation: its success, the failures named, and those that every operation can have."""
    success: OpenAPIResponse = {"description": "Done"}
    if model is not None:
        success["content"] = {"application/json": {"model": model}}
    codes = sorted({*failures, 400, 401, 403, 413, 415, 503})
    found: dict[int, OpenAPIResponse] = {status if model else 204: success}
    for code in codes:
        found[code] = {
            "description": _MEANINGS[code],
            "content": {"application/problem+json": {"model": Problem}},
        }
    return found
