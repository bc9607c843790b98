"""What becomes of a stretch of fire times that were not claimed in time: each is run after all, or on record.

Up to MAX_LISTED get a row each. A longer stretch is counted, not walked: the newest that shall still run have their
rows, all others share one summary row, and those that a calendar excludes another.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from carillon.domain.calendars import NOTHING_EXCLUDED, Exclusions, Span
from carillon.domain.catch_up import paced
from carillon.domain.fire_times import JUST, count_between, fire_times_between, newest, next_after
from carillon.domain.new_run import EXCLUDED, missed_stretch, queued, skipped
from carillon.domain.run import Origin, Run
from carillon.domain.run_id import RunId
from carillon.domain.schedule import Schedule, TimetableSpec

MAX_LISTED: Final = 90
"""Missed fire times that get a row each; a longer stretch gets one summary row."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why fire times do not run: a stable word and a sentence."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """One fire time that does not run."""

    fire_at: datetime
    cause: Cause


@dataclass(frozen=True, slots=True)
class Stretch:
    """Many fire times that do not run, for one reason, between the first and the last of them."""

    first: datetime
    last: datetime
    count: int
    reason: str


@dataclass(frozen=True, slots=True)
class Missed:
    """`count` fire times, divided into those that run after all, those listed, and those summed up."""

    count: int = 0
    caught_up: tuple[datetime, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    stretches: tuple[Stretch, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows record it."""
        return len(self.caught_up) + len(self.skipped) + len(self.stretches)


def settle(
    spec: TimetableSpec,
    first: datetime | None,
    last: datetime,
    cause: Cause,
    *,
    catch_up: int = 0,
    exclusions: Exclusions = NOTHING_EXCLUDED,
    listed: int = MAX_LISTED,
) -> Missed:
    """Divides the fire times from `first` (one itself) to `last`: the newest `catch_up` that may run do."""
    if first is None or first > last:
        return Missed()
    count = count_between(spec, first, last)
    if count <= listed:
        return _one_by_one(tuple(fire_times_between(spec, first, last)), cause, catch_up, exclusions)
    return _summed_up(spec, first, last, count, cause, catch_up, exclusions)


def _one_by_one(
    fire_times: tuple[datetime, ...], cause: Cause, catch_up: int, exclusions: Exclusions
) -> Missed:
    names = {fire_at: exclusions.calendar_of(fire_at) for fire_at in fire_times}
    free = [fire_at for fire_at in fire_times if names[fire_at] is None]
    caught_up = tuple(free[len(free) - min(catch_up, len(free)) :])
    left = (fire_at for fire_at in fire_times if fire_at not in caught_up)
    skipped = tuple(Skipped(fire_at, cause_of(names[fire_at]) or cause) for fire_at in left)
    return Missed(len(fire_times), caught_up, skipped)


def cause_of(calendar: str | None) -> Cause | None:
    """The cause of an exclusion, None where nothing excludes."""
    return None if calendar is None else Cause(EXCLUDED, f"excluded by the calendar {calendar}")


def _summed_up(
    spec: TimetableSpec,
    first: datetime,
    last: datetime,
    count: int,
    cause: Cause,
    catch_up: int,
    exclusions: Exclusions,
) -> Missed:
    spans = exclusions.spans(first, last)
    without_extra = replace(spec, also_at=())
    kept = frozenset(moment for moment in spec.also_at if first <= moment <= last)
    excluded = sum(
        count_between(without_extra, max(start, first), min(stop - JUST, last))
        - sum(
            start <= moment < stop and next_after(without_extra, moment - JUST) == moment for moment in kept
        )
        for start, stop in spans
    )
    caught_up = _newest_free(spec, first, last, catch_up, spans, kept)
    before = caught_up[0] - JUST if caught_up else last
    (end,) = newest(spec, first, before, 1) or (first,)
    left = count - excluded - len(caught_up)
    stretches = (Stretch(first, end, left, cause.reason), Stretch(first, last, excluded, EXCLUDED))
    return Missed(count, caught_up, stretches=tuple(part for part in stretches if part.count))


def _newest_free(
    spec: TimetableSpec,
    first: datetime,
    last: datetime,
    count: int,
    spans: tuple[Span, ...],
    kept: frozenset[datetime],
) -> tuple[datetime, ...]:
    found: list[datetime] = []
    end = last
    for start, stop in (*reversed(spans), (first, first)):
        if len(found) >= count:
            break
        found += reversed(newest(spec, max(stop, first), end, count - len(found)))
        found += sorted((moment for moment in kept if start <= moment < stop), reverse=True)
        end = start - JUST
    return tuple(sorted(found[:count]))


def missed_rows(schedule: Schedule, missed: Missed, now: datetime, behind: int = 0) -> tuple[Run, ...]:
    """The rows of a missed stretch: summaries, fire times that do not run, and catch-ups paced `behind` others."""
    return (
        *_summaries(schedule, missed, now),
        *skipped_rows(schedule, missed.skipped, now),
        *_catch_ups(schedule, missed.caught_up, now, behind),
    )


def skipped_rows(schedule: Schedule, skips: tuple[Skipped, ...], now: datetime) -> tuple[Run, ...]:
    """One SKIPPED row for each."""
    return tuple(
        skipped(
            RunId.of_fire_time(schedule.schedule_id, skip.fire_at),
            schedule.generation,
            fire_at=skip.fire_at,
            now=now,
            reason=skip.cause.reason,
            message=skip.cause.message,
        )
        for skip in skips
    )


def _summaries(schedule: Schedule, missed: Missed, now: datetime) -> Iterator[Run]:
    for stretch in missed.stretches:
        yield missed_stretch(
            schedule.schedule_id,
            schedule.generation,
            first=stretch.first,
            last=stretch.last,
            count=stretch.count,
            now=now,
            reason=stretch.reason,
        )


def _catch_ups(
    schedule: Schedule, fire_times: tuple[datetime, ...], now: datetime, behind: int
) -> Iterator[Run]:
    for position, fire_at in enumerate(fire_times, start=behind):
        yield queued(
            RunId.of_fire_time(schedule.schedule_id, fire_at),
            schedule.generation,
            Origin.CATCH_UP,
            fire_at=fire_at,
            now=now,
            message="claimed to catch up",
            not_before=paced(schedule.schedule_id, now, position),
        )
