"""Roles: made, read, changed and deleted by those who hold all that the role gives, before and after."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from carillon.domain.access import Principal
from carillon.domain.errors import (
    FieldError,
    InvalidInput,
    LostRace,
    RoleBuiltIn,
    RoleExists,
    RoleInUse,
    RoleNotFound,
    VersionMismatch,
    WrongState,
)
from carillon.domain.permission import Permission
from carillon.domain.rbac import BUILT_IN, Role, cycle, effective
from carillon.domain.role_definition import role_document
from carillon.domain.scope import Subject
from carillon.ports.access import AccessStore
from carillon.ports.world import Clock
from carillon.services.authorise import authorise, check_held, visible
from carillon.services.journal import Journal

MAX_ROLES: Final = 200
_USERS_A_PAGE: Final = 100


class Roles:
    """The roles of the Access table, as the API manages them, and the built-in ones beside them."""

    def __init__(self, access: AccessStore, clock: Clock, journal: Journal) -> None:
        self._access = access
        self._clock = clock
        self._journal = journal

    def all(self, principal: Principal) -> Sequence[Role]:
        """Built-in roles, then the stack's own by name; Forbidden."""
        is_visible = visible(principal, Permission.READ_ROLES)
        roles = (*BUILT_IN.values(), *self._access.all_roles())
        return [role for role in roles if is_visible(Subject(role.name))]

    def read(self, principal: Principal, name: str) -> Role:
        """One role; RoleNotFound, Forbidden."""
        authorise(principal, Permission.READ_ROLES, Subject(name))
        return self._found(name)

    def create(self, principal: Principal, role: Role) -> Role:
        """The role as written; RoleExists, RoleBuiltIn, Forbidden, InvalidInput."""
        authorise(principal, Permission.CREATE_ROLES, Subject(role.name))
        if role.name in BUILT_IN:
            raise RoleBuiltIn
        others = self._own()
        if len(others) >= MAX_ROLES:
            raise WrongState(f"There are {MAX_ROLES} roles already, and no more are kept.")
        self._check(principal, role, others)
        made = replace(role, created_at=self._clock.now())
        entry = self._journal.entry(
            principal, "role.create", f"role:{role.name}", self._clock.now(), after=_recorded(made)
        )
        try:
            self._access.save_role(made, entry, replaces=None)
        except LostRace:
            raise RoleExists(f"There is a role {role.name} already.") from None
        return made

    def replace(self, principal: Principal, role: Role, expected_version: int | None) -> Role:
        """The role as written; RoleNotFound, RoleBuiltIn, VersionMismatch, Forbidden, InvalidInput."""
        before, others = self._changeable(principal, Permission.EDIT_ROLES, role.name, expected_version)
        self._check(principal, role, others)
        after = replace(role, created_at=before.created_at, version=before.version + 1)
        entry = self._journal.entry(
            principal,
            "role.replace",
            f"role:{role.name}",
            self._clock.now(),
            before=_recorded(before),
            after=_recorded(after),
        )
        try:
            self._access.save_role(after, entry, replaces=before.version)
        except LostRace:
            raise _changed() from None
        return after

    def delete(self, principal: Principal, name: str, expected_version: int | None) -> None:
        """Returns when the role is gone; RoleNotFound, RoleBuiltIn, RoleInUse, VersionMismatch, Forbidden."""
        role, others = self._changeable(principal, Permission.DELETE_ROLES, name, expected_version)
        self._check_unused(name, others)
        entry = self._journal.entry(
            principal, "role.delete", f"role:{name}", self._clock.now(), before=_recorded(role)
        )
        try:
            self._access.delete_role(role, entry)
        except LostRace:
            raise _changed() from None

    def _changeable(
        self, principal: Principal, permission: Permission, name: str, expected_version: int | None
    ) -> tuple[Role, Mapping[str, Role]]:
        authorise(principal, permission, Subject(name))
        if name in BUILT_IN:
            raise RoleBuiltIn
        own = self._own()
        if name not in own:
            raise _missing(name)
        check_held(principal, effective([name], own), to=f"change the role {name}")
        if expected_version is not None and own[name].version != expected_version:
            raise _changed()
        return own[name], own

    def _check(self, principal: Principal, role: Role, others: Mapping[str, Role]) -> None:
        unknown = [name for name in role.inherits if name not in others and name not in BUILT_IN]
        if unknown and role.name not in unknown:
            raise _not_valid(f"There is no role {ascii(unknown[0])[1:-1]:.64}.")
        way = cycle(role, others)
        if way is not None:
            raise _not_valid(f"Roles would inherit each other in a circle: {' → '.join(way)}.")
        check_held(
            principal, effective([role.name], {**others, role.name: role}), to=f"make the role {role.name}"
        )

    def _check_unused(self, name: str, others: Mapping[str, Role]) -> None:
        heirs = [f"role {role.name}" for role in others.values() if name in role.inherits]
        start: Mapping[str, Any] | None = None
        while not heirs:
            page = self._access.users(_USERS_A_PAGE, start)
            heirs = [f"user {user.name}" for user in page.items if name in user.roles]
            start = page.next_key
            if start is None:
                break
        if heirs:
            more = ", among others" if len(heirs) > 3 else ""
            raise RoleInUse(f"The role {name} is in use: {', '.join(heirs[:3])}{more}.")

    def _found(self, name: str) -> Role:
        role = BUILT_IN.get(name) or next(iter(self._access.roles([name]) if name else ()), None)
        if role is None:
            raise _missing(name)
        return role

    def _own(self) -> dict[str, Role]:
        return {role.name: role for role in self._access.all_roles()}


def _recorded(role: Role) -> dict[str, Any]:
    document = role_document(role)
    return {name: document[name] for name in ("description", "permissions", "inherits")}


def _missing(name: str) -> RoleNotFound:
    return RoleNotFound(f"There is no role {ascii(name)[1:-1]:.64}.")


def _not_valid(message: str) -> InvalidInput:
    return InvalidInput("The role is not valid.", [FieldError("inherits", message)])


def _changed() -> VersionMismatch:
    return VersionMismatch("The role has changed since it was read: read it again and repeat the change.")
