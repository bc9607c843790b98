"""Whether a principal may do something: the one place that answers it.

For now an admin may do everything and every other user may read; roles with scopes replace the body of
`missing_permission`, not its callers.
"""

from enum import StrEnum
from typing import Final

from carillon.domain.access import Principal
from carillon.domain.errors import Forbidden

ADMIN: Final = "admin"


class Permission(StrEnum):
    """What can be permitted: a resource and an action."""

    READ_SCHEDULES = "schedules:read"
    CREATE_SCHEDULES = "schedules:create"
    EDIT_SCHEDULES = "schedules:edit"
    DELETE_SCHEDULES = "schedules:delete"
    PAUSE_SCHEDULES = "schedules:pause"
    RESUME_SCHEDULES = "schedules:resume"
    TRIGGER_SCHEDULES = "schedules:trigger"
    READ_RUNS = "runs:read"
    CANCEL_RUNS = "runs:cancel"
    RETRY_RUNS = "runs:retry"
    COMPLETE_RUNS = "runs:complete"
    READ_DEAD_LETTERS = "dead-letters:read"
    REDRIVE_DEAD_LETTERS = "dead-letters:redrive"

    @property
    def is_reading(self) -> bool:
        """Whether it changes nothing."""
        return self.endswith(":read")


def missing_permission(principal: Principal, permission: Permission) -> Permission | None:
    """The permission that the principal would need and lacks."""
    if ADMIN in principal.roles or permission.is_reading:
        return None
    return permission


def authorise(principal: Principal, permission: Permission, resource: str = "") -> None:
    """Lets the principal pass or raises Forbidden, which names the missing permission."""
    missing = missing_permission(principal, permission)
    if missing is not None:
        where = f" on {resource}" if resource else ""
        raise Forbidden(f"This needs the permission {missing}{where}, which {principal.name} does not have.")
