"""How routes answer: JSON, with a status and headers of their own."""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from aws_lambda_powertools.event_handler import Response

from api.calls import Call
from carillon.domain.cursor import open_cursor, seal_cursor
from carillon.ports.pages import Page

Item = TypeVar("Item")


def json_answer(
    body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response[Any]:
    """A JSON answer."""
    return Response(status, "application/json", json.dumps(body), dict(headers or {}))


def etag(head_version: int) -> dict[str, str]:
    """The header that If-Match must repeat."""
    return {"etag": f'"{head_version}"'}


def position_of(call: Call, listing: str, cursor: str | None) -> Mapping[str, Any] | None:
    """Where a list goes on; InvalidInput for a cursor that is not of this list."""
    return None if cursor is None else open_cursor(call.api.cursor_keys.cursor_key(), listing, cursor)


def page_answer(
    call: Call, listing: str, page: Page[Item], document: Callable[[Item], Mapping[str, Any]]
) -> Response[Any]:
    """A page of a list with the cursor of the next one, null at the end."""
    following = page.next_key
    cursor = None if following is None else seal_cursor(call.api.cursor_keys.cursor_key(), listing, following)
    return json_answer({"items": [document(item) for item in page.items], "next_cursor": cursor})
