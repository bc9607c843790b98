"""The fire times of a timetable as a schedule uses it: between starts_at and ends_at."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from carillon.domain.schedule import TimetableSpec
from carillon.domain.timetable import next_fire_time

_JUST_BEFORE: Final = timedelta(microseconds=1)


def next_after(spec: TimetableSpec, moment: datetime) -> datetime | None:
    """The first fire time strictly after the moment, or None; InvalidExpression."""
    if spec.starts_at is not None and moment < spec.starts_at:
        moment = spec.starts_at - _JUST_BEFORE
    fire_at = next_fire_time(
        spec.expression, spec.zone, moment, gap=spec.gap, fold=spec.fold, anchor=spec.anchor
    )
    if fire_at is None or (spec.ends_at is not None and fire_at > spec.ends_at):
        return None
    return fire_at


def fires_at(spec: TimetableSpec, moment: datetime) -> bool:
    """Whether the moment is a fire time."""
    return next_after(spec, moment - _JUST_BEFORE) == moment


def fire_times_between(spec: TimetableSpec, first: datetime | None, last: datetime) -> Iterator[datetime]:
    """`first`, which must be a fire time, and those that follow, up to and with `last`."""
    fire_at = first
    while fire_at is not None and fire_at <= last:
        yield fire_at
        fire_at = next_after(spec, fire_at)
