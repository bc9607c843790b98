"""Roles as the API takes and shows them: permissions grouped by resource and scope."""

import re
from collections.abc import Iterable
from typing import Any, Final

from carillon.domain.moments import to_rfc3339
from carillon.domain.permission import ACTIONS, Permission
from carillon.domain.rbac import BUILT_IN, Grant, Role
from carillon.domain.reading import Faults, Section, one_of
from carillon.domain.scope import Scope

ROLE_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")
MAX_PERMISSIONS: Final = 50
MAX_INHERITED: Final = 10
EVERY: Final = "*"


def read_role(document: Any, name: str | None = None) -> Role:
    """A role's document, `name` being that of the address; InvalidInput with every fault."""
    faults = Faults()
    body = Section(document, "", faults, ("role", "description", "permissions", "inherits"))
    named = body.text("role", name or "", longest=64)
    if name is not None and named != name:
        body.fault("role", "This differs from the name in the address; a role's name never changes.")
    if not ROLE_NAME.fullmatch(named):
        body.fault("role", "Use 1 to 64 lower-case letters, digits, - and _.")
    role = Role(
        name=named,
        description=body.text("description", longest=256),
        grants=tuple(dict.fromkeys(_grants(body, faults))),
        inherits=_inherits(body),
    )
    faults.raise_any("The role is not valid.")
    return role


def role_document(role: Role) -> dict[str, Any]:
    """A role as the API shows it."""
    return {
        "role": role.name,
        "description": role.description,
        "permissions": permissions_document(role.grants),
        "inherits": list(role.inherits),
        "built_in": role.name in BUILT_IN,
        "created_at": None if role.created_at is None else to_rfc3339(role.created_at),
        "version": role.version,
    }


def permissions_document(grants: Iterable[Grant]) -> list[dict[str, Any]]:
    """Grants by resource and scope, in a stable order."""
    groups: dict[tuple[str, str], set[str]] = {}
    for grant in grants:
        key = grant.permission.resource, str(grant.scope)
        groups.setdefault(key, set()).add(grant.permission.action)
    return [
        {"resource": resource, "actions": sorted(actions), "scope": scope}
        for (resource, scope), actions in sorted(groups.items())
    ]


def _grants(body: Section, faults: Faults) -> list[Grant]:
    entries = body.get("permissions")
    if entries is None:
        return []
    if not isinstance(entries, list) or len(entries) > MAX_PERMISSIONS:
        body.fault("permissions", f"This must be a list of at most {MAX_PERMISSIONS} permissions.")
        return []
    return [
        grant
        for number, entry in enumerate(entries)
        for grant in _permission(
            Section(entry, f"permissions.{number}", faults, ("resource", "actions", "scope"))
        )
    ]


def _permission(entry: Section) -> list[Grant]:
    resource = entry.get("resource")
    if not isinstance(resource, str) or resource not in ACTIONS:
        if entry.is_object:
            entry.fault("resource", one_of(resource, list(ACTIONS)))
        return []
    try:
        scope = Scope.parse(str(entry.get("scope")))
    except ValueError as error:
        entry.fault("scope", str(error))
        return []
    return [Grant(Permission(f"{resource}:{action}"), scope) for action in _actions(entry, resource)]


def _actions(entry: Section, resource: str) -> tuple[str, ...]:
    actions, known = entry.get("actions"), ACTIONS[resource]
    if not isinstance(actions, list) or not actions:
        entry.fault("actions", f"This must be a list of actions: {', '.join(known)}, or * for all of them.")
        return ()
    # Written out when it is saved, so that an action of a later version is not granted by accident.
    if actions == [EVERY]:
        return known
    for action in actions:
        if not isinstance(action, str) or action not in known:
            entry.fault("actions", one_of(action, known))
    return tuple(action for action in known if action in actions)


def _inherits(body: Section) -> tuple[str, ...]:
    value = body.get("inherits")
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        body.fault("inherits", "This must be a list of roles' names.")
        return ()
    if len(value) > MAX_INHERITED:
        body.fault("inherits", f"Inherit at most {MAX_INHERITED} roles.")
    return tuple(dict.fromkeys(value[:MAX_INHERITED]))
