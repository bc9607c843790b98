"""The roles behind a principal's rights, read now: those named, then what they inherit."""

from collections.abc import Iterable

from carillon.domain.rbac import BUILT_IN, Grant, Role, effective
from carillon.ports.access import AccessStore

MAX_LEVELS = 10


def definitions_of(access: AccessStore, names: Iterable[str]) -> tuple[Role, ...]:
    """The stack's own roles among the names and among what they inherit: one read for each level of inheritance."""
    found: dict[str, Role] = {}
    waiting = [name for name in names if name not in BUILT_IN]
    for _ in range(MAX_LEVELS):
        if not waiting:
            break
        roles = access.roles(waiting)
        found.update({role.name: role for role in roles})
        inherited = dict.fromkeys(name for role in roles for name in role.inherits)
        waiting = [name for name in inherited if name not in BUILT_IN and name not in found]
    return tuple(found.values())


def grants_of(access: AccessStore, names: Iterable[str]) -> frozenset[Grant]:
    """All that the named roles give as of now."""
    wanted = tuple(names)
    return effective(wanted, {role.name: role for role in definitions_of(access, wanted)})
