"""What a schedule will do next, with every reason why a fire time moves, is spread, or does not run."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import Final
from zoneinfo import ZoneInfo

from carillon.domain.calendars import NOTHING_EXCLUDED, Exclusions
from carillon.domain.fire_times import JUST, timetable_of
from carillon.domain.jitter import jittered
from carillon.domain.preview import FireTime, upcoming
from carillon.domain.schedule import Schedule, TimetableSpec

EXTRA: Final = "an extra fire time of also_at"


@dataclass(frozen=True, slots=True)
class Expected:
    """A fire time beforehand; `starts_at` is later than it by its jitter, None where that hangs on a schedule's id."""

    fire: FireTime
    starts_at: datetime | None


def look_ahead(
    spec: TimetableSpec, moment: datetime, count: int, exclusions: Exclusions = NOTHING_EXCLUDED
) -> tuple[Expected, ...]:
    """The next `count` fire times of a timetable that no schedule has yet; those left out stand between them."""
    entries = _without_excluded(_entries(spec, moment, count), exclusions)
    return tuple(_spread(entry, spec, None) for entry in entries)


def look_ahead_of(
    head: Schedule, now: datetime, count: int, exclusions: Exclusions = NOTHING_EXCLUDED
) -> tuple[Expected, ...]:
    """The same for a saved schedule: also what it was told to skip, and the end that max_runs sets."""
    entries = _without_excluded(_entries(head.timetable, now, count), exclusions)
    return tuple(_spread(entry, head.timetable, head.schedule_id) for entry in _counted(head, entries))


def _entries(spec: TimetableSpec, moment: datetime, count: int) -> Iterator[FireTime]:
    """Regular and extra fire times in order, up to `count` that fire."""
    if spec.starts_at is not None and moment < spec.starts_at:
        moment = spec.starts_at - JUST
    regular = {entry.at: entry for entry in upcoming(timetable_of(spec), moment, count)}
    zone = ZoneInfo(spec.zone)
    extra = {at: FireTime(at, at.astimezone(zone), EXTRA) for at in spec.also_at if at > moment}
    room = count
    for at in sorted({*regular, *extra}):
        entry = regular.get(at)
        entry = extra[at] if entry is None or (entry.skipped and at in extra) else entry
        if room == 0 or (spec.ends_at is not None and at > spec.ends_at):
            return
        room -= not entry.skipped
        yield entry


def _without_excluded(entries: Iterable[FireTime], exclusions: Exclusions) -> Iterator[FireTime]:
    for entry in entries:
        name = None if entry.skipped else exclusions.calendar_of(entry.at)
        yield entry if name is None else _left_out(entry, f"the calendar {name} excludes this day")


def _counted(head: Schedule, entries: Iterable[FireTime]) -> Iterator[FireTime]:
    """Skips and the runs left are counted from the first unclaimed fire time on."""
    to_skip, left = head.skip_next, head.fires_left
    for entry in entries:
        is_unclaimed = head.next_fire_at is None or entry.at >= head.next_fire_at
        if entry.skipped or not is_unclaimed:
            yield entry
        elif to_skip:
            to_skip -= 1
            yield _left_out(entry, "an operator has asked to skip it")
        elif left == 0:
            return
        else:
            left = None if left is None else left - 1
            yield entry


def _left_out(entry: FireTime, why: str) -> FireTime:
    return replace(entry, note="; ".join(chain([entry.note] if entry.note else [], [why])), skipped=True)


def _spread(entry: FireTime, spec: TimetableSpec, schedule_id: str | None) -> Expected:
    if entry.skipped or not spec.jitter_seconds:
        return Expected(entry, None if entry.skipped else entry.at)
    if schedule_id is None:
        why = f"starts up to {spec.jitter_seconds} s later, by jitter"
        starts_at = None
    else:
        starts_at = jittered(entry.at, schedule_id, spec.jitter_seconds)
        why = f"starts {(starts_at - entry.at).total_seconds():.0f} s later, by jitter"
    note = "; ".join(part for part in (entry.note, why) if part)
    return Expected(replace(entry, note=note), starts_at)
