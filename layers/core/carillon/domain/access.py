"""Principals: the users of the Access table, and who is acting in a request."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from carillon.domain.rbac import ADMIN, Grant, Role, effective

NO_PASSWORD: Final = ""
"""What is stored for whoever has none; no password fits it."""


class UserKind(StrEnum):
    """How a principal proves who it is: a password, a key of its own, or another issuer's token."""

    PERSON = "person"
    SERVICE = "service"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class ServiceKey:
    """A machine's key as it is stored: `digest` is the SHA-256 of its secret part."""

    key_id: str
    digest: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person or machine that may log in; `password_hash` is a self-describing scrypt text, empty without a password.

    Tokens issued before `tokens_valid_from` are refused, which is how a password change ends sessions. Whoever
    must change the password can do nothing else.
    """

    name: str
    kind: UserKind = UserKind.PERSON
    description: str = ""
    password_hash: str
    must_change_password: bool = False
    keys: tuple[ServiceKey, ...] = ()
    roles: tuple[str, ...] = ()
    enabled: bool = True
    tokens_valid_from: datetime
    created_at: datetime
    version: int = 1

    @property
    def is_admin(self) -> bool:
        """Whether this is a person who can put everything right: one of them must always be left."""
        return self.enabled and self.kind is UserKind.PERSON and ADMIN in self.roles


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts: the user's name, their roles as read in this request, and the address they came from.

    `definitions` are the stack's own roles among those and among what they inherit. `method` says how the principal
    was authenticated; `token_id` and `token_ends_at` are what revoking the token needs. `confirmed_by` says by what
    the operation under way was confirmed, if it was.
    """

    name: str
    roles: tuple[str, ...]
    source: str = ""
    definitions: tuple[Role, ...] = ()
    method: str = ""
    kind: UserKind = UserKind.PERSON
    must_change_password: bool = False
    token_id: str = ""
    token_ends_at: datetime | None = None
    token_began_at: datetime | None = None
    confirmed_by: str | None = None

    @property
    def grants(self) -> frozenset[Grant]:
        """All that the roles give."""
        return effective(self.roles, {role.name: role for role in self.definitions})
