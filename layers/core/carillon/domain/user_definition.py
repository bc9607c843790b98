"""Users as the API takes and shows them."""

import re
from dataclasses import dataclass
from typing import Any, Final

from carillon.domain.access import User, UserKind
from carillon.domain.errors import FieldError
from carillon.domain.moments import to_rfc3339
from carillon.domain.password import LONGEST_PASSWORD
from carillon.domain.reading import Faults, Section

USER_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._@-]{0,62}[a-z0-9])?")
EXTERNAL_NAME: Final = re.compile(r"oidc:[!-~]{1,128}")
SHORTEST_PASSWORD: Final = 12
MAX_ROLES: Final = 20
_LONGEST_NAME: Final = 133


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to be made; without a password a person gets one that can be used once."""

    name: str
    kind: UserKind
    description: str
    roles: tuple[str, ...]
    password: str | None


@dataclass(frozen=True, slots=True)
class UserEdit:
    """What of a user can be replaced; the answers' other fields are read-only."""

    description: str
    roles: tuple[str, ...]
    enabled: bool


def read_new_user(document: Any) -> NewUser:
    """A new user's document; InvalidInput."""
    faults = Faults()
    body = Section(document, "", faults, ("user", "kind", "description", "roles", "password"))
    kind = body.choice("kind", UserKind.PERSON)
    name = body.text("user", longest=_LONGEST_NAME)
    _check_name(body, name, kind)
    password = body.text("password", longest=LONGEST_PASSWORD) or None
    if password is not None:
        if kind is not UserKind.PERSON:
            body.fault("password", "Only a person has a password; leave it out.")
        for fault in password_faults("password", password, name):
            body.fault(fault.field, fault.message)
    new = NewUser(name, kind, body.text("description", longest=256), _roles(body), password)
    faults.raise_any("The user is not valid.")
    return new


def read_user_edit(document: Any) -> UserEdit:
    """The document that replaces a user's editable fields; InvalidInput."""
    faults = Faults()
    body = Section(document, "", faults, ("description", "roles", "enabled"))
    for name in ("roles", "enabled"):
        if body.is_object and body.get(name) is None:
            body.fault(name, "This is required: the document replaces what there is.")
    edit = UserEdit(body.text("description", longest=256), _roles(body), body.flag("enabled", True))
    faults.raise_any("The user is not valid.")
    return edit


def read_password_change(document: Any, name: str) -> tuple[str, str]:
    """The present and the new password; InvalidInput."""
    faults = Faults()
    body = Section(document, "", faults, ("current_password", "new_password"))
    current = body.text("current_password", longest=LONGEST_PASSWORD)
    new = body.text("new_password", longest=LONGEST_PASSWORD)
    if not current:
        body.fault("current_password", "This is required.")
    for fault in password_faults("new_password", new, name):
        body.fault(fault.field, fault.message)
    if new and new == current:
        body.fault("new_password", "This is the present password; choose another one.")
    faults.raise_any("The passwords are not valid.")
    return current, new


def password_faults(field: str, password: str, name: str) -> list[FieldError]:
    """What is wrong with a password that somebody has chosen: length is what counts, not kinds of characters."""
    if len(password) < SHORTEST_PASSWORD:
        return [FieldError(field, f"Use at least {SHORTEST_PASSWORD} characters.")]
    if name and name in password.lower():
        return [FieldError(field, "Leave the user's name out of the password.")]
    if len(set(password)) < 5:
        return [FieldError(field, "Use at least five different characters.")]
    return []


def user_document(user: User) -> dict[str, Any]:
    """A user as the API shows it: never a hash, of keys only their ids."""
    return {
        "user": user.name,
        "kind": str(user.kind),
        "description": user.description,
        "roles": list(user.roles),
        "enabled": user.enabled,
        "must_change_password": user.must_change_password,
        "keys": [{"key_id": key.key_id, "created_at": to_rfc3339(key.created_at)} for key in user.keys],
        "created_at": to_rfc3339(user.created_at),
        "version": user.version,
    }


def _check_name(body: Section, name: str, kind: UserKind) -> None:
    if kind is UserKind.EXTERNAL:
        if not EXTERNAL_NAME.fullmatch(name):
            body.fault("user", "Use oidc: and the subject of the other issuer's tokens.")
    elif not USER_NAME.fullmatch(name):
        body.fault("user", "Use 1 to 64 lower-case letters, digits, dots, dashes, _ and @.")


def _roles(body: Section) -> tuple[str, ...]:
    value = body.get("roles")
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        body.fault("roles", "This must be a list of roles' names.")
        return ()
    if len(value) > MAX_ROLES:
        body.fault("roles", f"Give at most {MAX_ROLES} roles; a role can inherit others.")
    return tuple(dict.fromkeys(value[:MAX_ROLES]))
