"""What an operator's write makes of a schedule's head, and which fire times it jumps over.

Every function raises head_version. Fire times that are due and unclaimed when `next_fire_at` moves are counted in
`jumped`, so that the same write can record them: no fire time is lost without a row.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from carillon.domain.calendars import NOTHING_EXCLUDED, Exclusions
from carillon.domain.definition import Definition
from carillon.domain.errors import FieldError, InvalidInput, WrongState
from carillon.domain.fire_times import anchored, fires_at, next_after
from carillon.domain.held_back import caught_up
from carillon.domain.missed import Cause, Missed, missed_rows, settle
from carillon.domain.overlap import capacity
from carillon.domain.plan import IN_PAUSE, NO_MORE_FIRE_TIMES, NO_MORE_RUNS
from carillon.domain.run import Run
from carillon.domain.schedule import Schedule, ScheduleState, TimetableSpec

CLAIM_REACH: Final = timedelta(seconds=240)
"""No claim reaches further into the future than this: the tick's horizon and room for a fast clock."""

MAX_ROWS: Final = 96
"""Run rows that one write of a head can hold beside it, its audit row, its revision and its chain."""

_EDITED: Final = Cause("edited", "the schedule was edited before this fire time was claimed")
_BROKEN: Final = Cause("broken", "the schedule was broken when this fire time came")
_DELETED: Final = Cause("deleted", "the schedule was deleted before this fire time was claimed")


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
        fires_left=spec.max_runs,
        created_at=now,
        updated_at=now,
    )
    _must_fire(spec, head, now)
    return HeadChange(_aimed(_defined(head, definition), _first_after(spec, head, now)))


def edit(
    head: Schedule, definition: Definition, now: datetime, claimed: Collection[datetime] = ()
) -> HeadChange:
    """A new revision. While the timetable stays the same, so does what is claimed of it.

    `claimed` holds fire times whose runs surely have not started: max_runs counts those that the timetable keeps.
    """
    spec = _anchored(definition.timetable, head.timetable, now)
    changed = _defined(_raised(head, now), definition)
    # Runs that hold the slot may outlive the edit: what begins beside them still asks for it.
    needs_slot = changed.needs_slot or (head.needs_slot and capacity(definition.policies) is not None)
    changed = replace(changed, timetable=spec, revision=head.revision + 1, needs_slot=needs_slot)
    if spec == head.timetable and head.state is not ScheduleState.BROKEN:
        return HeadChange(changed)
    _must_fire(spec, head, now)
    changed = replace(changed, fires_left=_fires_left(head, spec, claimed))
    if head.state is not ScheduleState.PAUSED:
        changed = replace(changed, state=ScheduleState.ACTIVE, state_reason=None)
    rows = _jumped(head, now, IN_PAUSE if head.state is ScheduleState.PAUSED else _EDITED)
    return HeadChange(_aimed(changed, _first_after(spec, head, now)), rows)


def pause(
    head: Schedule, now: datetime, by: str, *, until: datetime | None = None, claimed_ahead: bool = False
) -> HeadChange | None:
    """Fires nothing, with next_fire_at kept; until a moment if one is given. None when it is so already.

    A schedule that has ended can be paused while fire times of it are claimed but not started.
    """
    if until is not None and until <= now:
        fault = FieldError("until", "This moment has passed; give one in the future, or leave it out.")
        raise InvalidInput("The pause is not valid.", [fault])
    if head.state is ScheduleState.PAUSED and head.paused_until == until:
        return None
    may_pause = head.state in (ScheduleState.ACTIVE, ScheduleState.PAUSED)
    if not may_pause and not (head.state is ScheduleState.ENDED and claimed_ahead):
        raise WrongState(f"The schedule is {head.state}; only an active schedule can be paused.")
    changed = replace(
        _raised(head, now),
        state=ScheduleState.PAUSED,
        state_reason=f"paused by {by}",
        paused_until=until,
        due_at=until,
    )
    return HeadChange(changed)


def resume(
    head: Schedule,
    now: datetime,
    *,
    catch_up: int = 0,
    exclusions: Exclusions = NOTHING_EXCLUDED,
    held_back: Sequence[Run] = (),
) -> HeadChange | None:
    """Fires again from now on; of what fell into the pause the newest `catch_up` run, the rest is on record.

    `held_back` are claimed runs that the pause has kept from running, oldest first: they are older than all others,
    and max_runs has counted them.
    None when it is active, and when it has ended and nothing holds back what is claimed of it.
    """
    if head.state is ScheduleState.ACTIVE and (head.active_since is None or head.active_since <= now):
        return None
    if head.state is ScheduleState.ENDED:
        raise WrongState(f"The schedule has ended: {head.state_reason}. Edit the timetable.")
    changed = replace(
        _raised(head, now), state=ScheduleState.ACTIVE, state_reason=None, active_since=now, paused_until=None
    )
    left = catch_up if head.fires_left is None else min(catch_up, head.fires_left)
    cause = _BROKEN if head.state is ScheduleState.BROKEN else IN_PAUSE
    missed = _missed(head, now, cause, left, exclusions)
    room = min(catch_up - len(missed.caught_up), MAX_ROWS - missed.rows)
    again = caught_up(held_back[-room:] if room > 0 else (), now)
    if changed.fires_left is not None:
        changed = replace(changed, fires_left=changed.fires_left - len(missed.caught_up))
    following = head.next_fire_at
    if following is not None and following <= now:
        following = _first_after(head.timetable, head, now)
    return HeadChange(_aimed(changed, following), (*again, *missed_rows(head, missed, now, len(again))))


def skip_next(head: Schedule, count: int, now: datetime, claimed_ahead: int) -> HeadChange | None:
    """The next `count` fire times do not run: those claimed ahead first, the others as they are claimed.

    0 takes back what is not carried out yet. None when there is nothing to change.
    """
    has_next = head.state in (ScheduleState.ACTIVE, ScheduleState.PAUSED) and head.next_fire_at is not None
    if count and head.timetable.after is not None:
        upstream = head.timetable.after.schedule_id
        raise WrongState(
            f"The schedule runs after {upstream} and has no fire times of its own; pause it instead."
        )
    if count and not claimed_ahead and not has_next:
        raise WrongState(f"The schedule is {head.state}; there is no next fire time to skip.")
    left = max(0, count - claimed_ahead) if has_next else 0
    if head.skip_next == left and not (count and claimed_ahead):
        return None
    return HeadChange(replace(_raised(head, now), skip_next=left))


def give_back(head: Schedule, count: int, now: datetime) -> HeadChange | None:
    """What max_runs counted when it was claimed and did not run counts no more. None without max_runs."""
    if head.fires_left is None or not count:
        return None
    # What was claimed before max_runs was set was never counted.
    left = min(head.fires_left + count, head.timetable.max_runs or head.fires_left)
    changed = replace(_raised(head, now), fires_left=left)
    if head.state is ScheduleState.ENDED:
        changed = replace(changed, state=ScheduleState.ACTIVE, state_reason=None)
    return HeadChange(_aimed(changed, head.next_fire_at))


def delete(head: Schedule, now: datetime, last_claimed: datetime | None) -> HeadChange:
    """A tombstone, which remembers how far fire times are claimed; `last_claimed` is the latest that has a row."""
    changed = replace(
        _raised(head, now),
        state=ScheduleState.DELETED,
        state_reason=None,
        next_fire_at=None,
        due_at=None,
        paused_until=None,
        skip_next=0,
        fires_left=None,
        claimed_until=max(now, last_claimed or now, head.claimed_until or now),
    )
    return HeadChange(changed, _jumped(head, now, _DELETED))


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
    if spec.anchor is None and before is not None and before.expression == spec.expression:
        return replace(spec, anchor=before.anchor)
    return anchored(spec, now)


def counts_runs(before: TimetableSpec, after: TimetableSpec) -> bool:
    """Whether an edit from one to the other has to tell how many runs are left."""
    return before != after and before.max_runs is not None and after.max_runs is not None


def _fires_left(head: Schedule, spec: TimetableSpec, claimed: Collection[datetime]) -> int | None:
    """What an edit leaves of max_runs: runs so far are counted if the schedule counted them."""
    before = head.timetable.max_runs
    if spec.max_runs is None or before is None or head.fires_left is None:
        return spec.max_runs
    counted = before - head.fires_left
    # A claimed run that the edit takes away leaves its place; one that an earlier edit had taken away has it again.
    counted += sum(fires_at(spec, each) - _was_kept(head.timetable, each) for each in claimed)
    return max(0, spec.max_runs - max(0, counted))


def _was_kept(spec: TimetableSpec, moment: datetime) -> bool:
    try:
        return fires_at(spec, moment)
    except InvalidInput:
        return True


def _must_fire(spec: TimetableSpec, head: Schedule, now: datetime) -> None:
    """Refuses a timetable that has nothing left, in words that say which field takes it all."""
    if spec.after is not None or _first_after(spec, head, now) is not None:
        return
    fault = FieldError("timetable.expression", "There is no fire time from now on; choose a later one.")
    if _first_after(replace(spec, ends_at=None), head, now) is not None:
        fault = FieldError(
            "timetable.ends_at", "The first fire time from now on lies behind this end; choose a later end."
        )
    raise InvalidInput("This schedule would never fire.", [fault])


def _first_after(spec: TimetableSpec, head: Schedule, now: datetime) -> datetime | None:
    return next_after(spec, max(now, head.claimed_until or now))


def _aimed(head: Schedule, next_fire_at: datetime | None) -> Schedule:
    is_over = head.fires_left is not None and head.fires_left <= 0
    if head.timetable.after is not None:
        return replace(head, next_fire_at=None, due_at=head.paused_until)
    if next_fire_at is None or is_over:
        return replace(
            head,
            next_fire_at=next_fire_at,
            due_at=None,
            paused_until=None,
            state=ScheduleState.ENDED,
            state_reason=NO_MORE_FIRE_TIMES if next_fire_at is None else NO_MORE_RUNS,
        )
    due_at = next_fire_at if head.state is ScheduleState.ACTIVE else head.paused_until
    return replace(head, next_fire_at=next_fire_at, due_at=due_at)


def _jumped(head: Schedule, until: datetime, cause: Cause) -> tuple[Run, ...]:
    return missed_rows(head, _missed(head, until, cause), until)


def _missed(
    head: Schedule,
    until: datetime,
    cause: Cause,
    catch_up: int = 0,
    exclusions: Exclusions = NOTHING_EXCLUDED,
) -> Missed:
    if head.state is ScheduleState.ENDED:
        return Missed()
    try:
        return settle(
            head.timetable, head.next_fire_at, until, cause, catch_up=catch_up, exclusions=exclusions
        )
    except InvalidInput:
        return Missed()
