"""Fire times of a range from either end. A timetable only answers what comes next, so backwards is searched for."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from carillon.domain.fire_times import fire_times_between, next_after
from carillon.domain.schedule import TimetableSpec

_JUST_BEFORE: Final = timedelta(microseconds=1)
_MOST_AT_ONCE: Final = 1_000
"""Fire times that one look into a window may hold; fewer are wanted at a time."""


def in_range(spec: TimetableSpec, first: datetime, last: datetime) -> Iterator[datetime]:
    """The fire times in [first, last], oldest first."""
    return fire_times_between(spec, next_after(spec, first - _JUST_BEFORE), last)


def next_in_order(spec: TimetableSpec, cursor: datetime, end: datetime, count: int) -> tuple[datetime, ...]:
    """Up to `count` fire times from the cursor, itself one, towards the end of the range, which may lie before it."""
    if end >= cursor:
        return tuple(islice(fire_times_between(spec, cursor, end), count))
    return latest(spec, end, cursor, count)


def latest(spec: TimetableSpec, first: datetime, last: datetime, count: int) -> tuple[datetime, ...]:
    """The last up to `count` fire times in [first, last], newest first; `count` is at most a few hundred.

    The window before `last` is doubled until it holds enough, and halved again where it then holds too many.
    """
    few, many, span = last, None, timedelta(minutes=1)
    begin = max(first, last - span)
    while True:
        found = tuple(islice(in_range(spec, begin, last), _MOST_AT_ONCE + 1))
        if len(found) > _MOST_AT_ONCE:
            many = begin
        elif len(found) >= count or begin == first:
            return found[::-1][:count]
        else:
            few = begin
        if many is None:
            span *= 2
            begin = max(first, last - span)
        else:
            begin = many + (few - many) / 2
