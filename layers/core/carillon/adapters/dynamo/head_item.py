"""A schedule's head as a row: what stands in its index entries, and how an unreadable one is told."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from carillon.adapters.dynamo.timetable_text import (
    read_policies,
    read_timetable,
    write_policies,
    write_timetable,
)
from carillon.adapters.dynamo.wire import Row, Value, Wire, moment, packed, shard_of, text, whole
from carillon.domain.errors import MalformedRow
from carillon.domain.schedule import Policies, Schedule, ScheduleState, TimetableSpec

HEAD: Final = text("head")
_MOMENTS: Final = ("next_fire_at", "due_at", "active_since", "claimed_until", "paused_until")
_PARSED: Final = 4096


def head_key(schedule_id: str) -> Wire:
    """The key of a head."""
    return {"schedule_id": text(schedule_id), "part": HEAD}


def head_item(schedule: Schedule, shards: int) -> Wire:
    """The row; attributes at their default are left out, and an index key stands only where the index wants the row."""
    item = head_key(schedule.schedule_id) | {
        "state": text(schedule.state.value),
        "timetable": text(write_timetable(schedule.timetable)),
        "policies": text(write_policies(schedule.policies)),
        "revision": whole(schedule.revision),
        "head_version": whole(schedule.head_version),
        "generation": whole(schedule.generation),
        "created_at": moment(schedule.created_at),
        "updated_at": moment(schedule.updated_at),
    }
    moments = {name: getattr(schedule, name) for name in _MOMENTS}
    item |= {name: moment(value) for name, value in moments.items() if value is not None}
    return item | _optional(schedule) | _index_keys(schedule, shards)


def _optional(schedule: Schedule) -> Wire:
    found: dict[str, Value | None] = {
        "owner": text(schedule.owner) if schedule.owner else None,
        "tags": packed(dict(schedule.tags)) if schedule.tags else None,
        "alerts": packed(dict(schedule.alerts)) if schedule.alerts else None,
        "sensitive": {"BOOL": True} if schedule.sensitive else None,
        "slot_free": {"BOOL": True} if not schedule.needs_slot else None,
    }
    found |= claim_values(schedule.fires_left, schedule.skip_next, schedule.state_reason)
    return {name: value for name, value in found.items() if value is not None}


def claim_values(fires_left: int | None, skip_next: int, state_reason: str | None) -> dict[str, Value | None]:
    """The attributes that a claim moves besides its moments and the state; None means left out."""
    return {
        "fires_left": whole(fires_left) if fires_left is not None else None,
        "skip_next": whole(skip_next) if skip_next else None,
        "state_reason": text(state_reason) if state_reason else None,
    }


def resumed_values(resumed_at: datetime | None) -> dict[str, Value | None]:
    """The attributes that the end of a pause moves; none for a claim that ends no pause."""
    return {} if resumed_at is None else {"active_since": moment(resumed_at), "paused_until": None}


def due_values(schedule_id: str, due_at: datetime | None, shards: int) -> dict[str, Value | None]:
    """The due index's key, or its absence."""
    if due_at is None:
        return {"due_at": None, "due_shard": None}
    return {"due_at": moment(due_at), "due_shard": text(shard_of(schedule_id, shards))}


def _index_keys(schedule: Schedule, shards: int) -> Wire:
    shard = text(shard_of(schedule.schedule_id, shards))
    keys = {"due_shard": shard} if schedule.due_at is not None else {}
    return keys if schedule.state is ScheduleState.DELETED else keys | {"catalog_shard": shard}


def read_head(item: Mapping[str, Mapping[str, Any]]) -> Schedule:
    """The head; MalformedRow. An entry of the due index reads too: what it does not carry is at its default."""
    schedule_id = str(item.get("schedule_id", {}).get("S"))
    row = Row(item, f"Schedule {schedule_id}")
    created_at = row.moment("created_at")
    return Schedule(
        schedule_id=schedule_id,
        timetable=_timetable(row),
        policies=_policies(row),
        state=_state(row),
        state_reason=row.maybe_text("state_reason"),
        owner=row.maybe_text("owner") or "",
        tags=row.mapping("tags"),
        sensitive=row.flag("sensitive"),
        alerts=row.mapping("alerts"),
        revision=row.maybe_whole("revision") or 1,
        head_version=row.whole("head_version"),
        generation=row.whole("generation"),
        **{name: row.maybe_moment(name) for name in _MOMENTS},
        fires_left=row.maybe_whole("fires_left"),
        skip_next=row.maybe_whole("skip_next") or 0,
        needs_slot=not row.flag("slot_free"),
        created_at=created_at,
        updated_at=row.maybe_moment("updated_at") or created_at,
    )


def _state(row: Row) -> ScheduleState:
    try:
        return ScheduleState(row.text("state"))
    except ValueError as error:
        raise row.fault("state", f"cannot be read: {error}") from None


def _timetable(row: Row) -> TimetableSpec:
    try:
        return _parsed_timetable(row.text("timetable"))
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise _told(row, "timetable", error) from None


def _policies(row: Row) -> Policies:
    try:
        return _parsed_policies(row.maybe_text("policies") or "{}")
    except (ValueError, TypeError, RecursionError) as error:
        raise _told(row, "policies", error) from None


def _told(row: Row, attribute: str, error: Exception) -> MalformedRow:
    return error if isinstance(error, MalformedRow) else row.fault(attribute, f"cannot be read: {error}")


# Texts repeat from tick to tick and values are immutable: one parse serves all.
_parsed_timetable = lru_cache(_PARSED)(read_timetable)
_parsed_policies = lru_cache(_PARSED)(read_policies)
