"""What a confirmation says of an operation: what exactly will happen, in words, out of a body that was found valid."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from api.calls import Call
from carillon.domain.backfill_document import read_backfill
from carillon.domain.definition import read_definition
from carillon.domain.definition_document import definition_document
from carillon.domain.differences import differences
from carillon.domain.moments import to_rfc3339
from carillon.domain.role_definition import read_role, role_document
from carillon.domain.schedule import Schedule
from carillon.domain.secret_definition import secret_changes
from carillon.domain.settlement import read_note
from carillon.domain.user_definition import read_new_user, read_password_change, read_user_edit
from carillon.services.journal import saved_revision

MAX_CHANGES: Final = 40
_LONGEST_VALUE: Final = 80


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for an operation; `schedule` is the one that its address names, where there is one."""

    name: str
    object: str
    parameters: Mapping[str, str]
    call: Call
    schedule: Schedule | None = None


def plain(asked: Asked) -> str:
    """The operation and its object, where the body says nothing more."""
    verb = asked.name.partition(".")[2].replace("-", " ")
    return f"Carry out “{verb}” on {asked.object}."


def trigger_schedule(asked: Asked) -> str:
    """A run now, and what it is given."""
    body = asked.call.body
    payload = body.get("payload") if isinstance(body, dict) else None
    given = "" if payload is None else f", with a payload{_names(payload)}"
    return f"Run the job of the schedule {asked.parameters['schedule_id']} once, now{_version(asked)}{given}."


def delete_schedule(asked: Asked) -> str:
    """The end of a schedule."""
    return f"Delete the schedule {asked.parameters['schedule_id']}{_version(asked)}; runs not started yet end SKIPPED."


def replace_schedule(asked: Asked) -> str:
    """Every field that changes, with its values as far as they are no secrets."""
    api, schedule_id = asked.call.api, asked.parameters["schedule_id"]
    body = asked.call.body
    whole = (
        {**body, "schedule_id": body.get("schedule_id") or schedule_id} if isinstance(body, dict) else body
    )
    definition, head = read_definition(whole, api.limits, api.clock.now()), asked.schedule
    before = saved_revision(api.doors.schedules, head) if head else None
    stored = before.secrets if before else {}
    after = definition_document(definition, stored)
    changes = [
        *secret_changes(definition.job, definition.secrets, stored),
        *differences(before.document if before else {}, after),
    ]
    more = f" and {len(changes) - MAX_CHANGES} more" if len(changes) > MAX_CHANGES else ""
    told = "; ".join(changes[:MAX_CHANGES]) + more or "nothing but a new revision"
    return f"Change the schedule {schedule_id}{_version(asked)}: {told}."


def backfill_schedule(asked: Asked) -> str:
    """The range whose fire times run."""
    request = read_backfill(asked.call.body, asked.call.api.clock.now())
    return (
        f"Run the fire times of the schedule {asked.parameters['schedule_id']} from {to_rfc3339(request.first)} to "
        f"{to_rfc3339(request.last)}, {request.max_concurrent} at a time (reprocess: {request.reprocess})."
    )


def settle_run(asked: Asked) -> str:
    """The note under which a run's effects count as dealt with."""
    return f"Declare the compensation of the run {asked.parameters['run_id']} settled: “{read_note(asked.call.body)}”."


def change_password(asked: Asked) -> str:
    """A new password of one's own."""
    name = asked.call.principal.name if asked.call.principal else ""
    read_password_change(asked.call.body, name)
    return "Change your password and end all your sessions."


def create_user(asked: Asked) -> str:
    """A new user, and what they may do."""
    new = read_new_user(asked.call.body)
    return f"Create the user {new.name} ({new.kind}) with {_roles(new.roles)}."


def edit_user(asked: Asked) -> str:
    """The roles that a user then has, and whether they may log in."""
    edit = read_user_edit(asked.call.body)
    state = "enabled" if edit.enabled else "disabled"
    return f"Change the user {asked.parameters['user']}: {_roles(edit.roles)}, {state}."


def write_role(asked: Asked) -> str:
    """All that a role gives."""
    role = role_document(read_role(asked.call.body, asked.parameters.get("role")))
    given = [
        f"{each['resource']}:{','.join(each['actions'])} on {each['scope']}" for each in role["permissions"]
    ]
    inherits = f", and all that {', '.join(role['inherits'])} give" if role["inherits"] else ""
    return f"Write the role {role['role']}: it gives {'; '.join(given) or 'nothing of its own'}{inherits}."


def _names(payload: Any) -> str:
    # Its values stay sealed: a confirmation's sentence is kept in clear.
    return (
        f" of {ascii(', '.join(payload))[:_LONGEST_VALUE]}"
        if isinstance(payload, Mapping) and payload
        else ""
    )


def _roles(names: tuple[str, ...]) -> str:
    return f"the role{'s' if len(names) > 1 else ''} {', '.join(names)}" if names else "no roles"


def _version(asked: Asked) -> str:
    return f" (version {asked.schedule.head_version})" if asked.schedule else ""
