"""Every operation that changes something, in one table: what it needs before it is carried out.

A route that changes something has a line here; a test fails if one has not. Whether it needs a second factor
is said by carillon/domain/risk.py under the operation's name, and what a confirmation says of it by sentences.py.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any, Final
from urllib.parse import unquote

from api import sentences
from api.sentences import Asked
from carillon.domain.limits import OperationClass
from carillon.domain.permission import Permission


class On(Enum):
    """What the address names: whose permission is asked for before anything else."""

    SCHEDULE = "schedule_id"
    RUN = "run_id"
    USER = "user"
    ROLE = "role"
    DEAD_LETTER = "message_id"
    NEW = ""
    SELF = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation.

    `is_fresh` wants X-Timestamp and X-Nonce, `limited_as` counts it in a window, `shows_secret` forbids that its answer
    is stored, and `sentence` tells what exactly will happen, out of a body that it has found valid.
    """

    name: str
    on: On
    permission: Permission | None = None
    limited_as: OperationClass | None = None
    is_fresh: bool = False
    shows_secret: bool = False
    sentence: Callable[[Asked], str] = sentences.plain


_P = Permission
_TRIGGER, _REPEAT, _ACCESS = OperationClass.TRIGGER, OperationClass.REPEAT, OperationClass.ACCESS


def _line(name: str, on: On, permission: Permission | None = None, **more: Any) -> Operation:
    return Operation(name=name, on=on, permission=permission, **more)


_SCHEDULES: Final = {
    "POST /v1/schedules": _line("schedule.create", On.NEW),
    "PUT /v1/schedules/{schedule_id}": _line(
        "schedule.replace", On.SCHEDULE, _P.EDIT_SCHEDULES, sentence=sentences.replace_schedule
    ),
    "DELETE /v1/schedules/{schedule_id}": _line(
        "schedule.delete", On.SCHEDULE, _P.DELETE_SCHEDULES, sentence=sentences.delete_schedule
    ),
    "POST /v1/schedules/{schedule_id}/trigger": _line(
        "schedule.trigger",
        On.SCHEDULE,
        _P.TRIGGER_SCHEDULES,
        limited_as=_TRIGGER,
        is_fresh=True,
        sentence=sentences.trigger_schedule,
    ),
    "POST /v1/schedules/{schedule_id}/pause": _line("schedule.pause", On.SCHEDULE, _P.PAUSE_SCHEDULES),
    "POST /v1/schedules/{schedule_id}/resume": _line("schedule.resume", On.SCHEDULE, _P.RESUME_SCHEDULES),
    "POST /v1/schedules/{schedule_id}/skip-next": _line("schedule.skip", On.SCHEDULE, _P.SKIP_FIRE_TIMES),
    "POST /v1/schedules/{schedule_id}/backfills": _line(
        "schedule.backfill",
        On.SCHEDULE,
        _P.BACKFILL_SCHEDULES,
        limited_as=_REPEAT,
        sentence=sentences.backfill_schedule,
    ),
    "DELETE /v1/schedules/{schedule_id}/backfills/{backfill_id}": _line(
        "schedule.backfill-cancel", On.SCHEDULE, _P.BACKFILL_SCHEDULES
    ),
    "POST /v1/timetables/preview": _line("timetable.preview", On.NEW),
    "POST /v1/calendars": _line("calendar.create", On.NEW),
    "PUT /v1/calendars/{name}": _line("calendar.replace", On.NEW),
    "DELETE /v1/calendars/{name}": _line("calendar.delete", On.NEW),
}

_RUNS: Final = {
    "POST /v1/runs/{run_id}/cancel": _line("run.cancel", On.RUN, _P.CANCEL_RUNS),
    "POST /v1/runs/{run_id}/retry": _line("run.retry", On.RUN, _P.RETRY_RUNS, limited_as=_REPEAT),
    "POST /v1/runs/{run_id}/compensate": _line("run.compensate", On.RUN, _P.RETRY_RUNS, limited_as=_REPEAT),
    "POST /v1/runs/{run_id}/settle": _line(
        "run.settle", On.RUN, _P.SETTLE_RUNS, sentence=sentences.settle_run
    ),
    "POST /v1/runs/{run_id}/complete": _line("run.complete", On.RUN, _P.COMPLETE_RUNS),
    "POST /v1/runs/{run_id}/fail": _line("run.fail", On.RUN, _P.COMPLETE_RUNS),
    "POST /v1/runs/{run_id}/heartbeat": _line("run.heartbeat", On.RUN, _P.COMPLETE_RUNS),
    "POST /v1/dead-letters/{message_id}/redrive": _line(
        "dead-letter.redrive", On.DEAD_LETTER, _P.REDRIVE_DEAD_LETTERS, limited_as=_REPEAT
    ),
}

_PEOPLE: Final = {
    "POST /v1/logout": _line("user.logout", On.SELF),
    "POST /v1/me/logout-everywhere": _line("user.logout-everywhere", On.SELF),
    "POST /v1/me/password": _line("user.change-password", On.SELF, sentence=sentences.change_password),
    "POST /v1/me/totp": _line("user.begin-totp", On.SELF, shows_secret=True),
    "POST /v1/me/totp/activate": _line("user.enrol-totp", On.SELF, shows_secret=True),
    "POST /v1/users": _line(
        "user.create",
        On.USER,
        _P.CREATE_USERS,
        limited_as=_ACCESS,
        shows_secret=True,
        sentence=sentences.create_user,
    ),
    "PUT /v1/users/{user}": _line(
        "user.edit", On.USER, _P.EDIT_USERS, limited_as=_ACCESS, sentence=sentences.edit_user
    ),
    "DELETE /v1/users/{user}": _line("user.delete", On.USER, _P.DELETE_USERS, limited_as=_ACCESS),
    "POST /v1/users/{user}/password": _line(
        "user.reset-password", On.USER, _P.EDIT_USERS, limited_as=_ACCESS, shows_secret=True
    ),
    "DELETE /v1/users/{user}/totp": _line("user.reset-totp", On.USER, _P.EDIT_USERS, limited_as=_ACCESS),
    "POST /v1/users/{user}/keys": _line(
        "user.add-key", On.USER, _P.EDIT_USERS, limited_as=_ACCESS, shows_secret=True
    ),
    "DELETE /v1/users/{user}/keys/{key_id}": _line(
        "user.delete-key", On.USER, _P.EDIT_USERS, limited_as=_ACCESS
    ),
    "POST /v1/roles": _line(
        "role.create", On.ROLE, _P.CREATE_ROLES, limited_as=_ACCESS, sentence=sentences.write_role
    ),
    "PUT /v1/roles/{role}": _line(
        "role.replace", On.ROLE, _P.EDIT_ROLES, limited_as=_ACCESS, sentence=sentences.write_role
    ),
    "DELETE /v1/roles/{role}": _line("role.delete", On.ROLE, _P.DELETE_ROLES, limited_as=_ACCESS),
    "POST /v1/confirmations/{confirmation_id}": _line("confirmation.confirm", On.SELF, shows_secret=True),
}

OPERATIONS: Final[Mapping[str, Operation]] = {**_SCHEDULES, **_RUNS, **_PEOPLE}


@dataclass(frozen=True, slots=True)
class Found:
    """An operation and what its address names."""

    operation: Operation
    parameters: Mapping[str, str]


def operation_at(method: str, path: str) -> Found | None:
    """The operation of a request, None for one that changes nothing or that nobody serves."""
    for wanted, pattern, operation in _patterns():
        match = pattern.fullmatch(path) if wanted == method else None
        if match is not None:
            return Found(operation, {name: unquote(value) for name, value in match.groupdict().items()})
    return None


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str], Operation], ...]:
    return tuple(
        (address.partition(" ")[0], _pattern(address.partition(" ")[2]), operation)
        for address, operation in OPERATIONS.items()
    )


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))
