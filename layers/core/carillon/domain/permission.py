"""Every permission there is: a resource and an action. Roles are made of these, and services ask for them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Permission(StrEnum):
    """What can be permitted."""

    READ_SCHEDULES = "schedules:read"
    CREATE_SCHEDULES = "schedules:create"
    EDIT_SCHEDULES = "schedules:edit"
    DELETE_SCHEDULES = "schedules:delete"
    PAUSE_SCHEDULES = "schedules:pause"
    RESUME_SCHEDULES = "schedules:resume"
    TRIGGER_SCHEDULES = "schedules:trigger"
    SKIP_FIRE_TIMES = "schedules:skip"
    BACKFILL_SCHEDULES = "schedules:backfill"
    READ_RUNS = "runs:read"
    CANCEL_RUNS = "runs:cancel"
    RETRY_RUNS = "runs:retry"
    COMPLETE_RUNS = "runs:complete"
    SETTLE_RUNS = "runs:settle"
    READ_DEAD_LETTERS = "dead-letters:read"
    REDRIVE_DEAD_LETTERS = "dead-letters:redrive"
    READ_CALENDARS = "calendars:read"
    CREATE_CALENDARS = "calendars:create"
    EDIT_CALENDARS = "calendars:edit"
    DELETE_CALENDARS = "calendars:delete"
    READ_USERS = "users:read"
    CREATE_USERS = "users:create"
    EDIT_USERS = "users:edit"
    DELETE_USERS = "users:delete"
    READ_ROLES = "roles:read"
    CREATE_ROLES = "roles:create"
    EDIT_ROLES = "roles:edit"
    DELETE_ROLES = "roles:delete"
    READ_AUDIT = "audit:read"
    USE_TARGET = "target:use"

    @property
    def resource(self) -> str:
        """What it is about."""
        return self.partition(":")[0]

    @property
    def action(self) -> str:
        """What may be done."""
        return self.partition(":")[2]


ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    resource: tuple(each.action for each in Permission if each.resource == resource)
    for resource in dict.fromkeys(each.resource for each in Permission)
}
"""The actions of each resource."""
