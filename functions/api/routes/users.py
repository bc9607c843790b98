"""Users and service accounts."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.access_models import NewUser, UserAnswer, UserEdit, UserPage, UserWithSecret
from api.answers import etag, json_answer, page_answer, position_of
from api.calls import call_of, caller_of, decoded, expected_version, no_body, only_query
from api.models import DocumentedAs, answers
from carillon.domain.user_definition import read_new_user, read_user_edit, user_document
from carillon.services.users import Shown

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]
LISTING = "users"
TAGS = ["access"]


@router.get("/v1/users", tags=TAGS, summary="List users", responses=answers(UserPage))
def list_users(
    limit: Annotated[int, Query(ge=1, le=100)] = 50, cursor: Annotated[str | None, Query()] = None
) -> Response[Any]:
    """By name, people and service accounts together."""
    only_query(router, "limit", "cursor")
    call = call_of(router)
    page = call.api.access.users.page(caller_of(router), limit, position_of(call, LISTING, cursor))
    return page_answer(call, LISTING, page, user_document)


@router.post(
    "/v1/users", tags=TAGS, summary="Create a user", responses=answers(UserWithSecret, 409, status=201)
)
def create(document: Annotated[Any, DocumentedAs(NewUser), Body()]) -> Response[Any]:
    """A person gets a password for one use unless one is given, a service account a key; both are shown once."""
    shown = call_of(router).api.access.users.create(caller_of(router), read_new_user(document))
    return _shown(shown, 201, {"location": f"/v1/users/{shown.user.name}"})


@router.get("/v1/users/<user>", tags=TAGS, summary="Read a user", responses=answers(UserAnswer, 404))
def read(user: str) -> Response[Any]:
    """Never a password or a key; its version is the ETag."""
    found = call_of(router).api.access.users.read(caller_of(router), decoded(user))
    return json_answer(user_document(found), 200, etag(found.version))


@router.put(
    "/v1/users/<user>",
    tags=TAGS,
    summary="Change a user",
    responses=answers(UserAnswer, 404, 409, 412, 428),
)
def replace(user: str, document: Annotated[Any, DocumentedAs(UserEdit), Body()]) -> Response[Any]:
    """Roles, description, and whether the user is enabled; needs `If-Match`. Holds from the user's next request on."""
    version = expected_version(router, required=True)
    edited = call_of(router).api.access.users.edit(
        caller_of(router), decoded(user), read_user_edit(document), version
    )
    return json_answer(user_document(edited), 200, etag(edited.version))


@router.delete(
    "/v1/users/<user>", tags=TAGS, summary="Delete a user", responses=answers(None, 404, 409, 412, 428)
)
def delete(user: str) -> Response[Any]:
    """Needs `If-Match`. Their schedules stay and keep running."""
    no_body(router)
    version = expected_version(router, required=True)
    call_of(router).api.access.users.delete(caller_of(router), decoded(user), version)
    return Response(204, None, "")


@router.post(
    "/v1/users/<user>/password",
    tags=TAGS,
    summary="Give a person a new password",
    responses=answers(UserWithSecret, 404, 409),
)
def reset_password(user: str) -> Response[Any]:
    """Shown once and good for one use; all sessions of the user end."""
    no_body(router)
    return _shown(call_of(router).api.access.users.reset_password(caller_of(router), decoded(user)))


@router.post(
    "/v1/users/<user>/keys",
    tags=TAGS,
    summary="Give a service account a key",
    responses=answers(UserWithSecret, 404, 409, status=201),
)
def add_key(user: str) -> Response[Any]:
    """Shown once. Two at most, so that a machine can have the new one before the old one is deleted."""
    no_body(router)
    return _shown(call_of(router).api.access.users.add_key(caller_of(router), decoded(user)), 201)


@router.delete(
    "/v1/users/<user>/keys/<key_id>", tags=TAGS, summary="Delete a key", responses=answers(None, 404)
)
def delete_key(user: str, key_id: str) -> Response[Any]:
    """All sessions of the service account end; with another key it may log in again."""
    no_body(router)
    call_of(router).api.access.users.delete_key(caller_of(router), decoded(user), decoded(key_id))
    return Response(204, None, "")


def _shown(shown: Shown, status: int = 200, headers: dict[str, str] | None = None) -> Response[Any]:
    once = {"password": shown.password, "key": shown.key}
    return json_answer(
        {**user_document(shown.user), **once}, status, {**etag(shown.user.version), **(headers or {})}
    )
