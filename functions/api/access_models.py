"""The shapes of identity, roles and audit for the OpenAPI description."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.models import Strict

Kind = Literal["person", "service", "external"]


class Credentials(Strict):
    user: str | None = Field(default=None, max_length=64, examples=["admin"])
    password: str | None = Field(default=None, max_length=1024)
    key: str | None = Field(
        default=None, max_length=256, description="A service account's key, in place of both"
    )


class PasswordChange(Strict):
    current_password: str = Field(max_length=1024)
    new_password: str = Field(min_length=12, max_length=1024)


class PermissionDocument(Strict):
    resource: str = Field(examples=["schedules"])
    actions: list[str] = Field(min_length=1, examples=[["read", "trigger"], ["*"]])
    scope: str = Field(max_length=256, examples=["any", "owner", "tag:team=data", "id:etl-*"])


class Me(BaseModel):
    user: str
    kind: Kind
    method: str = Field(examples=["password", "key", "oidc"])
    roles: list[str]
    permissions: list[PermissionDocument]
    must_change_password: bool
    token_expires_at: datetime | None


class NewUser(Strict):
    user: str = Field(max_length=133, examples=["ada", "backup-bot"])
    kind: Kind = "person"
    description: str = Field(default="", max_length=256)
    roles: list[str] = Field(default=[], max_length=20, examples=[["operator"]])
    password: str | None = Field(default=None, min_length=12, max_length=1024)


class UserEdit(Strict):
    description: str = Field(default="", max_length=256)
    roles: list[str] = Field(max_length=20)
    enabled: bool


class KeyAnswer(BaseModel):
    key_id: str
    created_at: datetime


class UserAnswer(BaseModel):
    user: str
    kind: Kind
    description: str
    roles: list[str]
    enabled: bool
    must_change_password: bool
    keys: list[KeyAnswer]
    created_at: datetime
    version: int


class UserWithSecret(UserAnswer):
    password: str | None = Field(description="Shown once, good for one use")
    key: str | None = Field(description="Shown once")


class UserPage(BaseModel):
    items: list[UserAnswer]
    next_cursor: str | None


class RoleDocument(Strict):
    role: str = Field(max_length=64, examples=["data-team"])
    description: str = Field(default="", max_length=256)
    permissions: list[PermissionDocument] = Field(default=[], max_length=50)
    inherits: list[str] = Field(default=[], max_length=10, examples=[["viewer"]])


class RoleAnswer(RoleDocument):
    built_in: bool
    created_at: datetime | None
    version: int


class RoleList(BaseModel):
    items: list[RoleAnswer]
    next_cursor: None


class AuditAnswer(BaseModel):
    entry_id: str
    at: datetime
    actor: str
    method: str | None
    source: str | None
    action: str
    object: str
    outcome: Literal["done", "refused"]
    confirmed_by: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    details: dict[str, Any]


class AuditPage(BaseModel):
    items: list[AuditAnswer]
    next_cursor: str | None
