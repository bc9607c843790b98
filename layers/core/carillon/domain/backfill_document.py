"""A backfill as the API asks for it and shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from carillon.domain.backfill import MAX_CONCURRENT, MAX_FIRE_TIMES, Backfill, Order, Reprocess
from carillon.domain.errors import FieldError, InvalidInput
from carillon.domain.fire_times import count_between
from carillon.domain.moments import to_rfc3339
from carillon.domain.reading import Faults, Section
from carillon.domain.schedule import TimetableSpec

SHOWN: Final = 10
"""Fire times from either end that a dry run names."""

_FIELDS: Final = ("first", "last", "order", "max_concurrent", "reprocess", "dry_run")


@dataclass(frozen=True, slots=True)
class BackfillRequest:
    """What somebody wants worked off, and how."""

    first: datetime
    last: datetime
    order: Order
    max_concurrent: int
    reprocess: Reprocess
    dry_run: bool


def read_backfill(document: Any, now: datetime) -> BackfillRequest:
    """The request in a decoded JSON document; InvalidInput with every fault."""
    faults = Faults()
    body = Section({} if document is None else document, "", faults, _FIELDS)
    first, last = body.moment("first"), body.moment("last")
    request = BackfillRequest(
        first or now,
        last or now,
        body.choice("order", Order.OLDEST),
        body.whole("max_concurrent", 1, 1, MAX_CONCURRENT),
        body.choice("reprocess", Reprocess.NONE),
        body.flag("dry_run"),
    )
    for name, moment in (("first", first), ("last", last)):
        if moment is None:
            body.fault(name, "Say where the range begins and ends, for example 2026-11-01T00:00:00Z.")
        elif moment > now:
            body.fault(name, "A backfill is of past fire times; this lies in the future.")
    if request.first > request.last:
        body.fault("first", "The range must begin before it ends.")
    faults.raise_any("The backfill is not valid.")
    return request


def fire_times_of(spec: TimetableSpec, request: BackfillRequest) -> int:
    """How many fire times the range holds; InvalidInput when there are none or too many."""
    found = count_between(spec, request.first, request.last)
    if not found:
        message = "Between first and last the schedule has no fire time."
        if spec.after is not None:
            upstream = spec.after.schedule_id
            message = (
                f"This schedule runs after {upstream} and has no fire times of its own; backfill {upstream}."
            )
        fault = FieldError("last", message)
        raise InvalidInput("There is nothing to backfill.", [fault])
    if found > MAX_FIRE_TIMES:
        message = f"The range holds {found} fire times; {MAX_FIRE_TIMES} are allowed. Ask for it in parts."
        raise InvalidInput("The range is too long.", [FieldError("last", message)])
    return found


def dry_run_document(fire_times: int, chosen: Sequence[datetime]) -> dict[str, Any]:
    """What a backfill would run, in its order: how many fire times, and the first and the last of them."""
    return {
        "fire_times": fire_times,
        "would_run": len(chosen),
        "first": [to_rfc3339(fire_at) for fire_at in chosen[:SHOWN]],
        "last": [to_rfc3339(fire_at) for fire_at in chosen[-SHOWN:]],
    }


def backfill_document(backfill: Backfill) -> dict[str, Any]:
    """The backfill with its progress: runs by what became of them, and fire times not looked at yet."""
    return {
        "backfill_id": backfill.backfill_id,
        "schedule_id": backfill.schedule_id,
        "state": str(backfill.state),
        "state_reason": backfill.reason,
        "first": to_rfc3339(backfill.first),
        "last": to_rfc3339(backfill.last),
        "order": str(backfill.order),
        "max_concurrent": backfill.max_concurrent,
        "reprocess": str(backfill.reprocess),
        "created_by": backfill.created_by,
        "created_at": to_rfc3339(backfill.created_at),
        "ended_at": None if backfill.ended_at is None else to_rfc3339(backfill.ended_at),
        "progress": {
            "fire_times": backfill.fire_times,
            "done": backfill.succeeded,
            "failed": backfill.failed,
            "not_run": backfill.not_run,
            "running": len(backfill.open),
            "passed_over": backfill.looked_at - backfill.begun,
            "left": backfill.fire_times - backfill.looked_at,
        },
    }
