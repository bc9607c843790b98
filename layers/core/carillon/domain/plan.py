"""What a tick does with one schedule: which fire times to dispatch, which to skip and why, and what comes next.

`plan` is a value from values. It never looks at another schedule, so one that is broken stops no other.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from carillon.domain.calendars import Calendars, Exclusions, exclusions_of
from carillon.domain.catch_up import wanted
from carillon.domain.claim import MAX_RUNS
from carillon.domain.errors import InvalidInput
from carillon.domain.fire_times import JUST, next_after
from carillon.domain.jitter import jittered
from carillon.domain.missed import MAX_LISTED, Cause, Missed, Skipped, cause_of, settle
from carillon.domain.schedule import Schedule, ScheduleState

NO_CALENDARS: Final[Calendars] = {}
NO_MORE_FIRE_TIMES: Final = "the timetable has no further fire time"
NO_MORE_RUNS: Final = "all runs that max_runs allows have been dispatched"
SKIP_NEXT: Final = Cause("skip_next", "an operator asked to skip the next fire times")
IN_PAUSE: Final = Cause("paused", "the fire time lies inside a pause")


@dataclass(frozen=True, slots=True)
class Plan:
    """Fire times to dispatch, fire times missed, others that do not run, and the head that follows.

    `next_fire_at` is the first fire time left unclaimed; `resumed_at` the end of a pause that is over.
    """

    schedule: Schedule
    dispatch: tuple[datetime, ...]
    missed: Missed
    next_fire_at: datetime | None
    state: ScheduleState
    reason: str | None = None
    skipped: tuple[Skipped, ...] = ()
    fires_left: int | None = None
    skip_next: int = 0
    resumed_at: datetime | None = None


def plan(
    schedule: Schedule,
    now: datetime,
    horizon: datetime,
    calendars: Calendars = NO_CALENDARS,
    listed: int = MAX_LISTED,
) -> Plan:
    """Looks at the schedule's fire times up to the horizon, at most MAX_RUNS of them to be claimed at a time.

    More than `listed` missed ones are summed up.
    """
    try:
        if schedule.state is ScheduleState.PAUSED:
            return _resumption(schedule, horizon, listed)
        return _plan(schedule, now, horizon, exclusions_of(schedule.timetable, calendars), listed)
    except InvalidInput as error:
        return broken(schedule, str(error))


def broken(schedule: Schedule, reason: str) -> Plan:
    """The plan for a schedule whose fire times cannot be told: it leaves the due index and says why."""
    return Plan(
        schedule,
        (),
        Missed(),
        schedule.next_fire_at,
        ScheduleState.BROKEN,
        reason,
        fires_left=schedule.fires_left,
        skip_next=schedule.skip_next,
    )


def _resumption(schedule: Schedule, horizon: datetime, listed: int) -> Plan:
    """The end of a pause that had one: its fire times are on record, the next claim goes on behind it."""
    until = schedule.paused_until
    if until is None or until > horizon:
        return _standing(schedule, Missed(), schedule.next_fire_at)
    missed = settle(schedule.timetable, schedule.next_fire_at, until, IN_PAUSE, listed=listed)
    fire_at = schedule.next_fire_at
    if fire_at is not None and fire_at <= until:
        fire_at = next_after(schedule.timetable, until)
    made = _standing(schedule, missed, fire_at)
    is_over = fire_at is None and schedule.timetable.after is None
    state = ScheduleState.ENDED if is_over else ScheduleState.ACTIVE
    return replace(made, state=state, reason=NO_MORE_FIRE_TIMES if is_over else None, resumed_at=until)


def _standing(schedule: Schedule, missed: Missed, fire_at: datetime | None) -> Plan:
    return Plan(
        schedule,
        (),
        missed,
        fire_at,
        schedule.state,
        schedule.state_reason,
        fires_left=schedule.fires_left,
        skip_next=schedule.skip_next,
    )


@dataclass(slots=True)
class _Sorting:
    """Fire times that may run, in order: the first are skipped as an operator asked, the last one ends max_runs."""

    skip_next: int
    fires_left: int | None
    skipped: list[Skipped] = field(default_factory=list)

    def is_skipped(self, fire_at: datetime) -> bool:
        """Whether this one does not run; the counters follow."""
        if self.skip_next > 0:
            self.skip_next -= 1
            self.skipped.append(Skipped(fire_at, SKIP_NEXT))
            return True
        if self.fires_left is not None:
            self.fires_left -= 1
        return False

    @property
    def is_over(self) -> bool:
        """Whether nothing may run any more."""
        return self.fires_left is not None and self.fires_left <= 0


def _plan(schedule: Schedule, now: datetime, horizon: datetime, exclusions: Exclusions, listed: int) -> Plan:
    sorting = _Sorting(schedule.skip_next, schedule.fires_left)
    missed, fire_at = _look_back(schedule, now, exclusions, listed)
    missed = replace(
        missed, caught_up=tuple(each for each in missed.caught_up if not sorting.is_skipped(each))
    )
    dispatch: list[datetime] = []
    room = MAX_RUNS - missed.rows - len(sorting.skipped)
    while fire_at is not None and fire_at <= horizon and room > 0 and not sorting.is_over:
        cause = cause_of(exclusions.calendar_of(fire_at))
        if cause is not None:
            sorting.skipped.append(Skipped(fire_at, cause))
        elif not sorting.is_skipped(fire_at):
            dispatch.append(fire_at)
        fire_at, room = next_after(schedule.timetable, fire_at), room - 1
    state, reason = _what_follows(schedule, fire_at, sorting.is_over)
    return Plan(
        schedule,
        tuple(dispatch),
        missed,
        fire_at,
        state,
        reason,
        tuple(sorting.skipped),
        sorting.fires_left,
        sorting.skip_next,
    )


def _what_follows(
    schedule: Schedule, fire_at: datetime | None, is_over: bool
) -> tuple[ScheduleState, str | None]:
    if fire_at is None:
        return ScheduleState.ENDED, NO_MORE_FIRE_TIMES
    return (ScheduleState.ENDED, NO_MORE_RUNS) if is_over else (schedule.state, None)


def _look_back(
    schedule: Schedule, now: datetime, exclusions: Exclusions, listed: int
) -> tuple[Missed, datetime | None]:
    """The fire times past their grace, and the first one behind them."""
    first, grace = schedule.next_fire_at, schedule.policies.misfire.grace_seconds
    last = last_too_late(schedule, now)
    if first is None or first > last:
        return Missed(), first
    catch_up = wanted(schedule.policies.misfire)
    if schedule.fires_left is not None:
        catch_up = min(catch_up, schedule.fires_left + schedule.skip_next)
    cause = Cause("misfired", f"not claimed within the grace of {grace} s")
    missed = settle(
        schedule.timetable, first, last, cause, catch_up=catch_up, exclusions=exclusions, listed=listed
    )
    return missed, next_after(schedule.timetable, last)


def last_too_late(schedule: Schedule, now: datetime) -> datetime:
    """The last moment whose fire times are all past their grace, which counts from the jittered start."""
    spec, grace = schedule.timetable, timedelta(seconds=schedule.policies.misfire.grace_seconds)
    if not spec.jitter_seconds:
        return now - grace - JUST
    surely = now - grace - timedelta(seconds=spec.jitter_seconds) - JUST
    fire_at = next_after(spec, surely)
    while fire_at is not None and not_before(schedule, fire_at) + grace < now:
        surely, fire_at = fire_at, next_after(spec, fire_at)
    return surely


def not_before(schedule: Schedule, fire_at: datetime) -> datetime:
    """When the run of a fire time may start."""
    return jittered(fire_at, schedule.schedule_id, schedule.timetable.jitter_seconds)
