"""Roles: which permissions they give on which objects, what they inherit, and what nobody may hand on.

The built-in roles are data. A role that does not exist gives nothing.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from carillon.domain.permission import Permission
from carillon.domain.scope import Scope, ScopeKind, Subject

ADMIN: Final = "admin"
ANY: Final = Scope(ScopeKind.ANY)
OWNER: Final = Scope(ScopeKind.OWNER)


@dataclass(frozen=True, slots=True)
class Grant:
    """One permission on the objects of one scope."""

    permission: Permission
    scope: Scope

    def __str__(self) -> str:
        return f"{self.permission} on {self.scope}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A named set of grants, and the roles whose grants it has as well; built-in ones have no `created_at`."""

    name: str
    description: str = ""
    grants: tuple[Grant, ...] = ()
    inherits: tuple[str, ...] = ()
    created_at: datetime | None = None
    version: int = 1


def _granted(scope: Scope, *permissions: Permission) -> tuple[Grant, ...]:
    return tuple(Grant(permission, scope) for permission in permissions)


_P = Permission
BUILT_IN: Final[Mapping[str, Role]] = {
    role.name: role
    for role in (
        Role(
            name="viewer",
            description="Reads schedules, runs and calendars.",
            grants=_granted(ANY, _P.READ_SCHEDULES, _P.READ_RUNS, _P.READ_CALENDARS),
        ),
        Role(
            name="editor",
            description="Makes schedules and does everything with its own; may use no target by itself.",
            inherits=("viewer",),
            grants=_granted(
                OWNER,
                *(_P.CREATE_SCHEDULES, _P.EDIT_SCHEDULES, _P.DELETE_SCHEDULES, _P.PAUSE_SCHEDULES),
                *(_P.RESUME_SCHEDULES, _P.TRIGGER_SCHEDULES, _P.SKIP_FIRE_TIMES, _P.BACKFILL_SCHEDULES),
                *(_P.CANCEL_RUNS, _P.RETRY_RUNS, _P.COMPLETE_RUNS, _P.SETTLE_RUNS),
            ),
        ),
        Role(
            name="operator",
            description="Runs what others have made, and looks after what fails.",
            inherits=("viewer",),
            grants=_granted(
                ANY,
                *(_P.PAUSE_SCHEDULES, _P.RESUME_SCHEDULES, _P.TRIGGER_SCHEDULES),
                *(_P.SKIP_FIRE_TIMES, _P.BACKFILL_SCHEDULES),
                *(_P.CANCEL_RUNS, _P.RETRY_RUNS, _P.COMPLETE_RUNS, _P.SETTLE_RUNS),
                *(_P.READ_DEAD_LETTERS, _P.REDRIVE_DEAD_LETTERS),
            ),
        ),
        Role(name=ADMIN, description="May do everything.", grants=_granted(ANY, *Permission)),
    )
}


def effective(names: Iterable[str], roles: Mapping[str, Role]) -> frozenset[Grant]:
    """All that the named roles give, inherited grants included; built-in roles cannot be replaced."""
    found: set[Grant] = set()
    for role in reachable(names, roles):
        found.update(role.grants)
    return frozenset(found)


def reachable(names: Iterable[str], roles: Mapping[str, Role]) -> list[Role]:
    """The named roles and those they inherit, each once, whatever cycles there are."""
    waiting, seen, found = list(names), set[str](), list[Role]()
    while waiting:
        name = waiting.pop()
        role = BUILT_IN.get(name) or roles.get(name)
        if name in seen or role is None:
            continue
        seen.add(name)
        found.append(role)
        waiting.extend(role.inherits)
    return found


def permits(grants: Collection[Grant], permission: Permission, subject: Subject, name: str) -> bool:
    """Whether the grants let the principal of this name do it to the subject."""
    return any(grant.permission is permission and grant.scope.covers(subject, name) for grant in grants)


def unheld(wanted: Iterable[Grant], held: Collection[Grant]) -> tuple[Grant, ...]:
    """The grants that nobody who holds `held` may give, take or use in another's name, in a stable order."""
    missing = (
        grant
        for grant in wanted
        if not any(mine.permission is grant.permission and mine.scope.includes(grant.scope) for mine in held)
    )
    return tuple(sorted(missing, key=str))


def cycle(role: Role, roles: Mapping[str, Role]) -> tuple[str, ...] | None:
    """The way from the role back to itself through what it inherits, or None."""
    known = {**roles, **BUILT_IN, role.name: role}
    came_from: dict[str, str] = {}
    waiting = [role.name]
    while waiting:
        name = waiting.pop()
        for parent in known[name].inherits if name in known else ():
            if parent == role.name:
                return _way(role.name, name, came_from)
            if parent not in came_from:
                came_from[parent] = name
                waiting.append(parent)
    return None


def _way(start: str, last: str, came_from: Mapping[str, str]) -> tuple[str, ...]:
    way = [start, last]
    while way[-1] != start:
        way.append(came_from[way[-1]])
    return tuple(reversed(way))
