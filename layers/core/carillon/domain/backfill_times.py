"""Fire times of a range from either end."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from carillon.domain.fire_times import JUST, fire_times_between, newest, next_after
from carillon.domain.schedule import TimetableSpec


def in_range(spec: TimetableSpec, first: datetime, last: datetime) -> Iterator[datetime]:
    """The fire times in [first, last], oldest first."""
    return fire_times_between(spec, next_after(spec, first - JUST), last)


def next_in_order(spec: TimetableSpec, cursor: datetime, end: datetime, count: int) -> tuple[datetime, ...]:
    """Up to `count` fire times from the cursor, itself one, towards the end of the range, which may lie before it."""
    if end >= cursor:
        return tuple(islice(fire_times_between(spec, cursor, end), count))
    return newest(spec, end, cursor, count)[::-1]
