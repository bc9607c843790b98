"""Whether a principal may do something to an object: the one place that answers it."""

from collections.abc import Callable, Iterable

from carillon.domain.access import Principal
from carillon.domain.errors import Forbidden
from carillon.domain.job import Job
from carillon.domain.permission import Permission
from carillon.domain.rbac import Grant, permits, unheld
from carillon.domain.schedule import Schedule
from carillon.domain.scope import Subject
from carillon.domain.target_ids import target_ids
from carillon.ports.schedules import ScheduleStore

__all__ = [
    "Permission",
    "authorise",
    "authorise_schedule",
    "authorise_targets",
    "check_held",
    "subject_of",
    "visible",
]


def authorise(principal: Principal, permission: Permission, subject: Subject) -> None:
    """Lets the principal pass or raises Forbidden, which names the missing permission."""
    if not permits(principal.grants, permission, subject, principal.name):
        raise _forbidden(principal, permission, subject)


def authorise_schedule(
    principal: Principal, permission: Permission, schedules: ScheduleStore, schedule_id: str
) -> None:
    """The same for a schedule that is known by its id; its head is read only if the answer hangs on it.

    Where there is no such schedule, scopes of owner and tag cover nothing: so nobody learns which ids exist.
    """
    by_id = Subject(schedule_id)
    grants = _grants(principal, permission)
    if grants and not permits(grants, permission, by_id, principal.name):
        head = schedules.head(schedule_id)
        by_id = by_id if head is None else subject_of(head)
    authorise(principal, permission, by_id)


def authorise_targets(principal: Principal, job: Job) -> None:
    """Lets pass whoever may use every target of the job: what the worker can reach is nobody's by default."""
    for target in target_ids(job):
        authorise(principal, Permission.USE_TARGET, Subject(target))


def visible(principal: Principal, permission: Permission) -> Callable[[Subject], bool]:
    """Which objects of a list the principal may see; Forbidden when there cannot be any."""
    grants = _grants(principal, permission)
    if not grants:
        raise _forbidden(principal, permission, Subject(""))
    return lambda subject: permits(grants, permission, subject, principal.name)


def check_held(principal: Principal, wanted: Iterable[Grant], *, to: str) -> None:
    """Refuses what would reach above the principal: Forbidden names the first permission that is not held."""
    missing = unheld(wanted, principal.grants)
    if missing:
        others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise Forbidden(
            f"To {to} you need to hold {missing[0]}{others} yourself, and {principal.name} does not.",
            permission=missing[0].permission,
        )


def subject_of(head: Schedule) -> Subject:
    """A schedule as scopes see it."""
    return Subject(head.schedule_id, head.owner, head.tags)


def _grants(principal: Principal, permission: Permission) -> list[Grant]:
    return [grant for grant in principal.grants if grant.permission is permission]


def _forbidden(principal: Principal, permission: Permission, subject: Subject) -> Forbidden:
    where = f" on {ascii(subject.id)[1:-1]:.100}" if subject.id else ""
    kind = permission.resource.removesuffix("s")
    return Forbidden(
        f"This needs the permission {permission}{where}, which {principal.name} does not have.",
        permission=permission,
        object=f"{kind}:{subject.id}" if subject.id else "",
    )
