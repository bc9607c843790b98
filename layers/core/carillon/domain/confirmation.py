"""An operation that waits for its second factor: what exactly it is, who asked, who may confirm, how it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from carillon.domain.moments import from_ms, to_ms, to_rfc3339
from carillon.domain.reading import Faults, Section

LIFETIME: Final = timedelta(minutes=5)
KEPT: Final = timedelta(hours=24)
"""How long an ended confirmation can still be read."""

MAX_WAITING: Final = 20
"""Of one asker, so that no machine takes the place of another."""
MAX_LISTED: Final = 100
_LONGEST_CODE: Final = 64


class State(StrEnum):
    """How a confirmation stands. PERFORMING that stays means that the operation broke off: the audit log tells."""

    WAITING = "waiting"
    PERFORMING = "performing"
    DONE = "done"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """One waiting operation; `request` is the sealed request, `digest` what it was, `confirmers` a role or None."""

    confirmation_id: str
    operation: str
    sentence: str
    reason: str
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    confirmers: str | None
    object: str
    schedule_id: str | None
    head_version: int | None
    digest: str
    request: str
    state: State = State.WAITING
    ended_by: str | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What somebody says to a confirmation: a code, a recovery code, or that they decline."""

    code: str = ""
    recovery_code: str = ""
    is_declined: bool = False


def read_reply(document: Any) -> Reply:
    """The reply in a decoded body; InvalidInput."""
    faults = Faults()
    body = Section({} if document is None else document, "", faults, ("code", "recovery_code", "decline"))
    reply = Reply(
        body.text("code", longest=_LONGEST_CODE).replace(" ", ""),
        body.text("recovery_code", longest=_LONGEST_CODE),
        body.flag("decline"),
    )
    if body.is_object and sum(map(bool, (reply.code, reply.recovery_code, reply.is_declined))) != 1:
        body.fault("code", 'Send one of {"code": "123456"}, {"recovery_code": "..."} and {"decline": true}.')
    faults.raise_any("The reply is not valid.")
    return reply


def confirmation_document(confirmation: Confirmation, now: datetime) -> dict[str, Any]:
    """A confirmation as the API shows it; never its request."""
    is_over = confirmation.state is State.WAITING and now >= confirmation.expires_at
    return {
        "confirmation_id": confirmation.confirmation_id,
        "state": "expired" if is_over else str(confirmation.state),
        "operation": confirmation.operation,
        "object": confirmation.object,
        "sentence": confirmation.sentence,
        "reason": confirmation.reason,
        "asked_by": confirmation.asked_by,
        "asked_at": to_rfc3339(confirmation.asked_at),
        "expires_at": to_rfc3339(confirmation.expires_at),
        "confirmed_by_role": confirmation.confirmers,
        "head_version": confirmation.head_version,
        "digest": confirmation.digest,
        "ended_by": confirmation.ended_by,
        "answer_status": confirmation.status,
    }


_MOMENTS: Final = ("asked_at", "expires_at")


def to_value(confirmation: Confirmation) -> dict[str, Any]:
    """The confirmation as JSON, for its row."""
    fields = {name: getattr(confirmation, name) for name in Confirmation.__dataclass_fields__}
    return {**fields, "state": str(confirmation.state)} | {name: to_ms(fields[name]) for name in _MOMENTS}


def from_value(value: Mapping[str, Any]) -> Confirmation:
    """The confirmation of a row."""
    moments = {name: from_ms(value[name]) for name in _MOMENTS}
    return Confirmation(**{**value, **moments, "state": State(value["state"])})
