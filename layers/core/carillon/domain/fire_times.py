"""The fire times of a timetable as a schedule uses it: between starts_at and ends_at, with the extra ones of also_at.

Every question about many of them is answered by counting, so that a year costs little more than a minute.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from carillon.domain.counting import count_fires
from carillon.domain.schedule import TimetableSpec
from carillon.domain.timetable import Timetable
from carillon.domain.transitions import instant_of, moment_of

JUST: Final = timedelta(microseconds=1)


def next_after(spec: TimetableSpec, moment: datetime) -> datetime | None:
    """The first fire time strictly after the moment, or None; InvalidExpression."""
    if spec.after is not None:
        return None
    if spec.starts_at is not None and moment < spec.starts_at:
        moment = spec.starts_at - JUST
    fire_at = timetable_of(spec).after(moment)
    if spec.also_at:
        extra = min((extra for extra in spec.also_at if extra > moment), default=None)
        fire_at = min((found for found in (fire_at, extra) if found is not None), default=None)
    if fire_at is None or (spec.ends_at is not None and fire_at > spec.ends_at):
        return None
    return fire_at


def anchored(spec: TimetableSpec, now: datetime) -> TimetableSpec:
    """The timetable with the moment from which it counts intervals: the given one, else its start, else now."""
    if spec.anchor is not None:
        return spec
    return replace(spec, anchor=(spec.starts_at or now).replace(microsecond=0))


def fires_at(spec: TimetableSpec, moment: datetime) -> bool:
    """Whether the moment is a fire time."""
    return next_after(spec, moment - JUST) == moment


def fire_times_between(spec: TimetableSpec, first: datetime | None, last: datetime) -> Iterator[datetime]:
    """`first`, which must be a fire time, and those that follow, up to and with `last`."""
    fire_at = first
    while fire_at is not None and fire_at <= last:
        yield fire_at
        fire_at = next_after(spec, fire_at)


def count_between(spec: TimetableSpec, first: datetime, last: datetime) -> int:
    """How many fire times there are from `first` to `last`, both included; counted, not walked."""
    if spec.after is not None:
        return 0
    first, last = max(first, spec.starts_at or first), min(last, spec.ends_at or last)
    if last < first:
        return 0
    extra = sum(first <= moment <= last for moment in _extra(spec))
    return count_fires(timetable_of(spec), instant_of(first - JUST) + 1, instant_of(last)) + extra


def newest(spec: TimetableSpec, first: datetime, last: datetime, count: int) -> tuple[datetime, ...]:
    """The last `count` fire times from `first` to `last`, oldest first; fewer if there are not as many."""
    if count <= 0 or last < first:
        return ()
    start = _narrowed(spec, instant_of(first - JUST) + 1, last, count)
    return tuple(fire_times_between(spec, next_after(spec, moment_of(start) - JUST), last))


def _narrowed(spec: TimetableSpec, first: int, last: datetime, count: int) -> int:
    """The latest instant, not before `first`, from which there are at least `count` fire times left."""
    width, end = 1, instant_of(last)
    while end - width > first and count_between(spec, moment_of(end - width), last) < count:
        width *= 2
    low, high = max(first, end - width), end + 1
    if count_between(spec, moment_of(low), last) <= count:
        return low
    while high - low > 1:
        middle = (low + high) // 2
        if count_between(spec, moment_of(middle), last) >= count:
            low = middle
        else:
            high = middle
    return low


def timetable_of(spec: TimetableSpec) -> Timetable:
    """The parsed timetable, without bounds and extra fire times; InvalidExpression."""
    return Timetable.parse(spec.expression, spec.zone, gap=spec.gap, fold=spec.fold, anchor=spec.anchor)


@lru_cache(maxsize=1_024)
def _extra(spec: TimetableSpec) -> tuple[datetime, ...]:
    """The moments of also_at that are no fire times without it."""
    timetable = timetable_of(spec)
    return tuple(moment for moment in set(spec.also_at) if timetable.after(moment - JUST) != moment)
