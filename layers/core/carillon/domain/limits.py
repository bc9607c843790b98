"""How many operations a principal may ask for: limits by class of operation and by role, as data, in sliding windows.

A window is exact: it holds the moments of the last operations, so that no span of its length ever sees more than
its limit, wherever the span begins.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from carillon.domain.moments import to_ms


class OperationClass(StrEnum):
    """Operations that share a window."""

    TRIGGER = "trigger"
    REPEAT = "repeat"
    ACCESS = "access"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` operations in any span of `seconds`."""

    count: int
    seconds: int


DEFAULTS: Final[Mapping[OperationClass, Limit]] = {
    OperationClass.TRIGGER: Limit(5, 60),  # the stack's parameter TriggersPerMinute replaces the count
    OperationClass.REPEAT: Limit(30, 60),
    OperationClass.ACCESS: Limit(60, 60),
    OperationClass.STOP: Limit(25, 600),  # more of these are not refused but need a confirmation
}

BY_ROLE: Final[Mapping[tuple[str, OperationClass], Limit]] = {
    ("operator", OperationClass.REPEAT): Limit(120, 60),
    ("operator", OperationClass.STOP): Limit(50, 600),
}
"""What the members of a role have instead, if it is more; a role inherited counts as well."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether one more operation fits; `times_ms` is the window as it then stands."""

    is_allowed: bool
    times_ms: tuple[int, ...]
    retry_after_seconds: int = 0


def limit_of(kind: OperationClass, roles: Collection[str], triggers_per_minute: int) -> Limit:
    """The limit of a principal with these roles: the largest that one of them gives."""
    own = DEFAULTS[kind]
    if kind is OperationClass.TRIGGER:
        own = replace(own, count=triggers_per_minute)
    given = (limit for (role, wanted), limit in BY_ROLE.items() if wanted is kind and role in roles)
    return max((own, *given), key=lambda limit: limit.count)


def admit(times_ms: Sequence[int], limit: Limit, now: datetime) -> Admission:
    """One more operation now, after those at `times_ms`, oldest first."""
    now_ms = to_ms(now)
    inside = tuple(time for time in times_ms if time > now_ms - limit.seconds * 1000)
    if len(inside) < limit.count:
        return Admission(True, (*inside, now_ms))
    # The slot that comes free first for one more is that of the count-th from the end.
    free_ms = inside[-limit.count] + limit.seconds * 1000
    return Admission(False, inside, max(1, -(-(free_ms - now_ms) // 1000)))
