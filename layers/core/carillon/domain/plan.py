"""What a tick does with one schedule: which fire times to dispatch, which to skip and why, and what comes next.

`plan` is a value from values. It never looks at another schedule, so one that is broken stops no other.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from carillon.domain.claim import MAX_RUNS, Claim
from carillon.domain.errors import InvalidInput
from carillon.domain.fire_times import next_after
from carillon.domain.new_run import missed_stretch, queued, skipped
from carillon.domain.run import Origin, Run
from carillon.domain.run_id import RunId
from carillon.domain.schedule import Schedule, ScheduleState

MAX_LISTED: Final = 90
"""Missed fire times that get a row each; a longer stretch gets one summary row."""

MAX_WALKED: Final = 5000
"""Fire times that one plan looks at, so that the work of a tick after an outage is bounded."""


@dataclass(frozen=True, slots=True)
class Missed:
    """Fire times that are past their grace, oldest first, `last` and `count` also of those not listed."""

    listed: tuple[datetime, ...] = ()
    last: datetime | None = None
    count: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """Fire times to dispatch, fire times missed, the first fire time left unclaimed, and the state that follows."""

    schedule: Schedule
    dispatch: tuple[datetime, ...]
    missed: Missed
    next_fire_at: datetime | None
    state: ScheduleState
    reason: str | None = None


def plan(schedule: Schedule, now: datetime, horizon: datetime) -> Plan:
    """Looks at the schedule's fire times up to the horizon, at most MAX_RUNS of them to be claimed at a time."""
    try:
        return _plan(schedule, now, horizon)
    except InvalidInput as error:
        return broken(schedule, str(error))


def broken(schedule: Schedule, reason: str) -> Plan:
    """The plan for a schedule whose fire times cannot be told: it leaves the due index and says why."""
    return Plan(schedule, (), Missed(), schedule.next_fire_at, ScheduleState.BROKEN, reason)


def _plan(schedule: Schedule, now: datetime, horizon: datetime) -> Plan:
    missed, fire_at = _walk_missed(schedule, now)
    dispatch: list[datetime] = []
    room = MAX_RUNS - min(missed.count, MAX_LISTED)
    is_past = fire_at is not None and fire_at < _oldest_startable(schedule, now)
    while not is_past and fire_at is not None and fire_at <= horizon and len(dispatch) < room:
        dispatch.append(fire_at)
        fire_at = next_after(schedule.timetable, fire_at)
    state = ScheduleState.ENDED if fire_at is None else schedule.state
    reason = "the timetable has no further fire time" if fire_at is None else None
    return Plan(schedule, tuple(dispatch), missed, fire_at, state, reason)


def _oldest_startable(schedule: Schedule, now: datetime) -> datetime:
    return now - timedelta(seconds=schedule.policies.misfire.grace_seconds)


def _walk_missed(schedule: Schedule, now: datetime) -> tuple[Missed, datetime | None]:
    oldest = _oldest_startable(schedule, now)
    fire_at, last, count = schedule.next_fire_at, None, 0
    listed: list[datetime] = []
    while fire_at is not None and fire_at < oldest and count < MAX_WALKED:
        if count <= MAX_LISTED:
            listed.append(fire_at)
        last, count = fire_at, count + 1
        fire_at = next_after(schedule.timetable, fire_at)
    return Missed(tuple(listed), last, count), fire_at


def claim_of(plan: Plan, now: datetime) -> Claim:
    """The rows and the head's advance that carry out a plan."""
    schedule = plan.schedule
    active = plan.state is ScheduleState.ACTIVE
    return Claim(
        schedule=schedule,
        runs=(*_missed_rows(schedule, plan.missed, now), *_queued_rows(schedule, plan.dispatch, now)),
        next_fire_at=plan.next_fire_at,
        due_at=plan.next_fire_at if active else None,
        state=plan.state,
        state_reason=plan.reason,
        fires_left=schedule.fires_left,
        skip_next=schedule.skip_next,
    )


def after_claim(claim: Claim) -> Schedule:
    """The head as it stands once the claim is written."""
    return replace(
        claim.schedule,
        next_fire_at=claim.next_fire_at,
        due_at=claim.due_at,
        state=claim.state,
        state_reason=claim.state_reason,
        fires_left=claim.fires_left,
        skip_next=claim.skip_next,
    )


def _queued_rows(schedule: Schedule, fire_times: tuple[datetime, ...], now: datetime) -> tuple[Run, ...]:
    return tuple(
        queued(
            RunId.of_fire_time(schedule.schedule_id, fire_at),
            schedule.generation,
            Origin.FIRE,
            fire_at=fire_at,
            now=now,
            message="claimed",
        )
        for fire_at in fire_times
    )


def missed_rows(
    schedule: Schedule, missed: Missed, now: datetime, reason: str, message: str
) -> tuple[Run, ...]:
    """SKIPPED rows that account for missed fire times: one each, or one for all when they are many."""
    if missed.count > MAX_LISTED and missed.last is not None:
        stretch = missed_stretch(
            schedule.schedule_id,
            schedule.generation,
            first=missed.listed[0],
            last=missed.last,
            count=missed.count,
            now=now,
            reason=reason,
        )
        return (stretch,)
    return tuple(
        skipped(
            RunId.of_fire_time(schedule.schedule_id, fire_at),
            schedule.generation,
            fire_at=fire_at,
            now=now,
            reason=reason,
            message=message,
        )
        for fire_at in missed.listed
    )


def _missed_rows(schedule: Schedule, missed: Missed, now: datetime) -> tuple[Run, ...]:
    grace = schedule.policies.misfire.grace_seconds
    return missed_rows(schedule, missed, now, "misfired", f"not claimed within the grace of {grace} s")
