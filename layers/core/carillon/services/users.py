"""Users: made, read, changed and deleted by those who hold at least what the user holds.

Nobody gives a role that gives more than they have, and nobody changes, locks out or takes over somebody above them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from carillon.domain.access import NO_PASSWORD, Principal, ServiceKey, User, UserKind
from carillon.domain.errors import (
    FieldError,
    InvalidInput,
    KeyNotFound,
    LostRace,
    UserExists,
    UserNotFound,
    VersionMismatch,
    WrongState,
)
from carillon.domain.moments import ceil_second
from carillon.domain.password import hash_password
from carillon.domain.permission import Permission
from carillon.domain.rbac import BUILT_IN
from carillon.domain.scope import Subject
from carillon.domain.service_key import MAX_KEYS, digest_of, key_text
from carillon.domain.user_definition import NewUser, UserEdit, user_document
from carillon.ports.access import AccessStore
from carillon.ports.pages import Page
from carillon.ports.world import Chance, Clock
from carillon.services.authorise import authorise, check_held, visible
from carillon.services.definitions import grants_of
from carillon.services.journal import Journal


@dataclass(frozen=True, slots=True)
class Shown:
    """A user, and what is shown once and stored nowhere: a one-time password or a key."""

    user: User
    password: str | None = None
    key: str | None = None


class Users:
    """The users of the Access table, as the API manages them."""

    def __init__(self, access: AccessStore, clock: Clock, chance: Chance, journal: Journal) -> None:
        self._access = access
        self._clock = clock
        self._chance = chance
        self._journal = journal

    def read(self, principal: Principal, name: str) -> User:
        """One user; UserNotFound, Forbidden."""
        authorise(principal, Permission.READ_USERS, _subject(name))
        return self._found(name)

    def page(self, principal: Principal, limit: int, start: Mapping[str, Any] | None) -> Page[User]:
        """Users by name, those that the principal may see; Forbidden."""
        is_visible = visible(principal, Permission.READ_USERS)
        page = self._access.users(limit, start)
        return Page(tuple(user for user in page.items if is_visible(_subject(user.name))), page.next_key)

    def create(self, principal: Principal, new: NewUser) -> Shown:
        """The new user with what they need to log in; UserExists, Forbidden, InvalidInput for an unknown role."""
        authorise(principal, Permission.CREATE_USERS, _subject(new.name))
        self._check_roles(principal, new.roles)
        now = self._clock.now()
        given = None if new.kind is not UserKind.PERSON or new.password else self._chance.token()
        password = new.password or given
        key, stored = self._key(new.name) if new.kind is UserKind.SERVICE else (None, ())
        user = User(
            name=new.name,
            kind=new.kind,
            description=new.description,
            password_hash=self._hashed(password) if password else NO_PASSWORD,
            must_change_password=password is not None,
            keys=stored,
            roles=new.roles,
            # A user of this name before: no token of theirs is this one's.
            tokens_valid_from=ceil_second(now),
            created_at=now,
        )
        try:
            self._save(principal, "user.create", None, user)
        except VersionMismatch:
            raise UserExists(f"There is a user {new.name} already.") from None
        return Shown(user, given, key)

    def edit(self, principal: Principal, name: str, edit: UserEdit, expected_version: int | None) -> User:
        """The user as written; UserNotFound, VersionMismatch, LastAdmin, Forbidden, InvalidInput."""
        before = self._changeable(principal, Permission.EDIT_USERS, name, expected_version)
        self._check_roles(principal, [role for role in edit.roles if role not in before.roles])
        ended = ceil_second(self._clock.now()) if not edit.enabled else before.tokens_valid_from
        after = replace(
            before,
            description=edit.description,
            roles=edit.roles,
            enabled=edit.enabled,
            tokens_valid_from=max(ended, before.tokens_valid_from),
            version=before.version + 1,
        )
        self._save(principal, "user.edit", before, after)
        return after

    def delete(self, principal: Principal, name: str, expected_version: int | None) -> None:
        """Returns when the user is gone; UserNotFound, VersionMismatch, LastAdmin, Forbidden."""
        user = self._changeable(principal, Permission.DELETE_USERS, name, expected_version)
        entry = self._journal.entry(
            principal, "user.delete", f"user:{name}", self._clock.now(), before=_recorded(user)
        )
        try:
            self._access.delete_user(user, entry)
        except LostRace:
            raise _changed() from None

    def reset_password(self, principal: Principal, name: str) -> Shown:
        """A password to be used once; the person's sessions end. UserNotFound, WrongState, Forbidden."""
        before = self._changeable(principal, Permission.EDIT_USERS, name, None)
        if before.kind is not UserKind.PERSON:
            raise WrongState("Only a person has a password.")
        password = self._chance.token()
        after = self._ended(before, password_hash=self._hashed(password), must_change_password=True)
        self._save(principal, "user.reset-password", before, after)
        return Shown(after, password)

    def add_key(self, principal: Principal, name: str) -> Shown:
        """One more key of a service account, shown once; UserNotFound, WrongState, Forbidden."""
        before = self._changeable(principal, Permission.EDIT_USERS, name, None)
        if before.kind is not UserKind.SERVICE:
            raise WrongState("Only a service account has keys.")
        if len(before.keys) >= MAX_KEYS:
            raise WrongState(f"A service account has {MAX_KEYS} keys at most: delete one first.")
        key, stored = self._key(name)
        after = replace(before, keys=(*before.keys, *stored), version=before.version + 1)
        self._save(principal, "user.add-key", before, after)
        return Shown(after, key=key)

    def delete_key(self, principal: Principal, name: str, key_id: str) -> User:
        """The account without the key, its sessions ended; UserNotFound, KeyNotFound, Forbidden."""
        before = self._changeable(principal, Permission.EDIT_USERS, name, None)
        kept = tuple(key for key in before.keys if key.key_id != key_id)
        if kept == before.keys:
            raise KeyNotFound
        after = self._ended(before, keys=kept)
        self._save(principal, "user.delete-key", before, after)
        return after

    def _changeable(
        self, principal: Principal, permission: Permission, name: str, expected_version: int | None
    ) -> User:
        authorise(principal, permission, _subject(name))
        user = self._found(name)
        if user.name != principal.name:
            check_held(principal, grants_of(self._access, user.roles), to=f"change the user {user.name}")
        if expected_version is not None and user.version != expected_version:
            raise _changed()
        return user

    def _check_roles(self, principal: Principal, names: Sequence[str]) -> None:
        known = {role.name for role in self._access.roles([n for n in names if n not in BUILT_IN])}
        unknown = [name for name in names if name not in known and name not in BUILT_IN]
        if unknown:
            fault = FieldError("roles", f"There is no role {ascii(unknown[0])[1:-1]:.64}.")
            raise InvalidInput("The user is not valid.", [fault])
        for name in names:
            check_held(principal, grants_of(self._access, [name]), to=f"give the role {name}")

    def _found(self, name: str) -> User:
        user = self._access.user(name) if name else None
        if user is None:
            raise UserNotFound(f"There is no user {ascii(name)[1:-1]:.64}.")
        return user

    def _ended(self, user: User, **changes: Any) -> User:
        now = ceil_second(self._clock.now())
        return replace(user, tokens_valid_from=now, version=user.version + 1, **changes)

    def _hashed(self, password: str) -> str:
        return hash_password(password, self._chance.token().encode())

    def _key(self, name: str) -> tuple[str, tuple[ServiceKey, ...]]:
        key_id, secret = self._chance.token()[:8], self._chance.token() + self._chance.token()
        stored = ServiceKey(key_id, digest_of(secret), self._clock.now())
        return key_text(name, key_id, secret), (stored,)

    def _save(self, principal: Principal, action: str, before: User | None, after: User) -> None:
        entry = self._journal.entry(
            principal,
            action,
            f"user:{after.name}",
            self._clock.now(),
            before=_recorded(before) if before else None,
            after=_recorded(after),
        )
        try:
            self._access.save_user(after, entry, before=before)
        except LostRace:
            raise _changed() from None


def _subject(name: str) -> Subject:
    return Subject(name, owner=name)


def _recorded(user: User) -> dict[str, Any]:
    document = user_document(user)
    return {name: document[name] for name in ("kind", "description", "roles", "enabled", "keys")}


def _changed() -> VersionMismatch:
    return VersionMismatch("The user has changed since it was read: read it again and repeat the change.")
