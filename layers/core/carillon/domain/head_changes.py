"""What an operator's write makes of a schedule's head, and which fire times it jumps over.

Every function raises head_version. Fire times that are due and unclaimed when `next_fire_at` moves are counted in
`jumped`, so that the same write can record them: no fire time is lost without a row.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from carillon.domain.definition import Definition
from carillon.domain.errors import FieldError, InvalidInput, WrongState
from carillon.domain.fire_times import fire_times_between, next_after
from carillon.domain.plan import MAX_LISTED, MAX_WALKED, Missed, missed_rows
from carillon.domain.run import Run
from carillon.domain.schedule import Schedule, ScheduleState, TimetableSpec

CLAIM_REACH: Final = timedelta(seconds=240)
"""No claim reaches further into the future than this: the tick's horizon and room for a fast clock."""


@dataclass(frozen=True, slots=True)
class HeadChange:
    """The head as it should be, and the rows of the fire times that the change jumps over."""

    after: Schedule
    jumped: tuple[Run, ...] = ()


def create(definition: Definition, owner: str, now: datetime, tombstone: Schedule | None) -> HeadChange:
    """A new schedule; over a tombstone it is the next generation and fires only after what that one claimed."""
    spec = _anchored(definition.timetable, None, now)
    claimed_until = tombstone.claimed_until if tombstone else None
    head = Schedule(
        schedule_id=definition.schedule_id,
        timetable=spec,
        owner=owner,
        revision=tombstone.revision + 1 if tombstone else 1,
        head_version=tombstone.head_version + 1 if tombstone else 1,
        generation=tombstone.generation + 1 if tombstone else 1,
        active_since=now,
        claimed_until=claimed_until,
        created_at=now,
        updated_at=now,
    )
    next_fire_at = _first_after(spec, head, now)
    if next_fire_at is None:
        fault = FieldError("timetable.expression", "There is no fire time from now on; choose a later one.")
        raise InvalidInput("This schedule would never fire.", [fault])
    return HeadChange(_aimed(_defined(head, definition), next_fire_at))


def edit(head: Schedule, definition: Definition, now: datetime) -> HeadChange:
    """A new revision. While the timetable stays the same, so does what is claimed of it."""
    spec = _anchored(definition.timetable, head.timetable, now)
    changed = _defined(_raised(head, now), definition)
    changed = replace(changed, timetable=spec, revision=head.revision + 1)
    if spec == head.timetable and head.state is not ScheduleState.BROKEN:
        return HeadChange(changed)
    reason = "paused" if head.state is ScheduleState.PAUSED else "edited"
    if head.state is not ScheduleState.PAUSED:
        changed = replace(changed, state=ScheduleState.ACTIVE, state_reason=None)
    rows = _jumped(head, now, reason, "the schedule was edited before this fire time was claimed")
    return HeadChange(_aimed(changed, _first_after(spec, head, now)), rows)


def pause(head: Schedule, now: datetime, by: str) -> HeadChange | None:
    """Out of the due index, with next_fire_at kept; None when it is paused already."""
    if head.state is ScheduleState.PAUSED:
        return None
    if head.state is not ScheduleState.ACTIVE:
        raise WrongState(f"The schedule is {head.state}; only an active schedule can be paused.")
    changed = replace(
        _raised(head, now), state=ScheduleState.PAUSED, state_reason=f"paused by {by}", due_at=None
    )
    return HeadChange(changed)


def resume(head: Schedule, now: datetime) -> HeadChange | None:
    """Fires again from now on; what fell into the pause is recorded as skipped. None when it is active."""
    if head.state is ScheduleState.ACTIVE:
        return None
    if head.state is ScheduleState.ENDED:
        raise WrongState(
            "The schedule has ended: its timetable has no further fire time. Edit the timetable."
        )
    changed = replace(
        _raised(head, now), state=ScheduleState.ACTIVE, state_reason=None, active_since=now, paused_until=None
    )
    rows = _jumped(head, now, "paused", "the fire time lies inside a pause")
    kept = head.next_fire_at
    return HeadChange(
        _aimed(changed, kept if kept and kept > now else _first_after(head.timetable, head, now)), rows
    )


def delete(head: Schedule, now: datetime, last_claimed: datetime | None) -> HeadChange:
    """A tombstone, which remembers how far fire times are claimed; `last_claimed` is the latest that has a row."""
    changed = replace(
        _raised(head, now),
        state=ScheduleState.DELETED,
        state_reason=None,
        next_fire_at=None,
        due_at=None,
        claimed_until=max(now, last_claimed or now, head.claimed_until or now),
    )
    rows = _jumped(head, now, "deleted", "the schedule was deleted before this fire time was claimed")
    return HeadChange(changed, rows)


def _raised(head: Schedule, now: datetime) -> Schedule:
    return replace(head, head_version=head.head_version + 1, updated_at=now)


def _defined(head: Schedule, definition: Definition) -> Schedule:
    return replace(
        head,
        policies=definition.policies,
        tags=definition.tags,
        sensitive=definition.sensitive,
        alerts=definition.alerts,
        needs_slot=definition.needs_slot,
    )


def _anchored(spec: TimetableSpec, before: TimetableSpec | None, now: datetime) -> TimetableSpec:
    if spec.anchor is not None:
        return spec
    if before is not None and before.expression == spec.expression:
        return replace(spec, anchor=before.anchor)
    return replace(spec, anchor=now.replace(microsecond=0))


def _first_after(spec: TimetableSpec, head: Schedule, now: datetime) -> datetime | None:
    return next_after(spec, max(now, head.claimed_until or now))


def _aimed(head: Schedule, next_fire_at: datetime | None) -> Schedule:
    if next_fire_at is None:
        return replace(
            head,
            next_fire_at=None,
            due_at=None,
            state=ScheduleState.ENDED,
            state_reason="the timetable has no further fire time",
        )
    due_at = next_fire_at if head.state is ScheduleState.ACTIVE else None
    return replace(head, next_fire_at=next_fire_at, due_at=due_at)


def _jumped(head: Schedule, until: datetime, reason: str, message: str) -> tuple[Run, ...]:
    try:
        walked = tuple(islice(fire_times_between(head.timetable, head.next_fire_at, until), MAX_WALKED))
    except InvalidInput:
        return ()
    if not walked:
        return ()
    missed = Missed(walked[: MAX_LISTED + 1], walked[-1], len(walked))
    return missed_rows(head, missed, until, reason, message)
