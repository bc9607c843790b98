"""Roles: the built-in ones, and the stack's own."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.access_models import RoleAnswer, RoleDocument, RoleList
from api.answers import etag, json_answer
from api.calls import call_of, caller_of, decoded, expected_version, no_body, only_query
from api.models import DocumentedAs, answers
from carillon.domain.rbac import Role
from carillon.domain.role_definition import read_role, role_document

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]
TAGS = ["access"]


@router.get("/v1/roles", tags=TAGS, summary="List roles", responses=answers(RoleList))
def list_roles() -> Response[Any]:
    """All of them, built-in ones first; a stack has two hundred of its own at most."""
    only_query(router)
    roles = call_of(router).api.access.roles.all(caller_of(router))
    return json_answer({"items": [role_document(role) for role in roles], "next_cursor": None})


@router.post("/v1/roles", tags=TAGS, summary="Create a role", responses=answers(RoleAnswer, 409, status=201))
def create(document: Annotated[Any, DocumentedAs(RoleDocument), Body()]) -> Response[Any]:
    """You need to hold all that it gives, inherited permissions too."""
    role = call_of(router).api.access.roles.create(caller_of(router), read_role(document))
    return _role(role, 201, {"location": f"/v1/roles/{role.name}"})


@router.get("/v1/roles/<role>", tags=TAGS, summary="Read a role", responses=answers(RoleAnswer, 404))
def read(role: str) -> Response[Any]:
    """Its own permissions and the roles that it inherits; its version is the ETag."""
    return _role(call_of(router).api.access.roles.read(caller_of(router), decoded(role)))


@router.put(
    "/v1/roles/<role>",
    tags=TAGS,
    summary="Replace a role",
    responses=answers(RoleAnswer, 404, 409, 412, 428),
)
def replace(role: str, document: Annotated[Any, DocumentedAs(RoleDocument), Body()]) -> Response[Any]:
    """Needs `If-Match`. Holds from the next request on of everybody who has the role."""
    version = expected_version(router, required=True)
    wanted = read_role(document, decoded(role))
    return _role(call_of(router).api.access.roles.replace(caller_of(router), wanted, version))


@router.delete(
    "/v1/roles/<role>", tags=TAGS, summary="Delete a role", responses=answers(None, 404, 409, 412, 428)
)
def delete(role: str) -> Response[Any]:
    """Needs `If-Match`. Only a role that no user has and no other role inherits."""
    no_body(router)
    version = expected_version(router, required=True)
    call_of(router).api.access.roles.delete(caller_of(router), decoded(role), version)
    return Response(204, None, "")


def _role(role: Role, status: int = 200, headers: dict[str, str] | None = None) -> Response[Any]:
    return json_answer(role_document(role), status, {**etag(role.version), **(headers or {})})
