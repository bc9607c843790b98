"""What a timetable will do next, told beforehand: fire times, and what a clock change does to them.

A local time that a gap swallows, or that comes twice, is marked with what the schedule's switches make of it; one that
does not fire stands between the others as a skipped entry.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from carillon.domain.aws_expression import OneTime
from carillon.domain.cron import Cron
from carillon.domain.interval import Interval
from carillon.domain.timetable import Timetable
from carillon.domain.transitions import Change, changes_from, instant_of, moment_of

_LOCAL_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall-clock seconds carry no zone


@dataclass(frozen=True, slots=True)
class FireTime:
    """One line of a preview: the UTC moment, the wall clock, and why a clock change matters, if it does.

    A skipped entry does not fire; `at` then says when it would have been, and `local` has no offset if the wall clock
    never shows that time.
    """

    at: datetime
    local: datetime
    note: str = ""
    skipped: bool = False


def upcoming(timetable: Timetable, moment: datetime, count: int) -> tuple[FireTime, ...]:
    """The next `count` fire times after a moment in order, with skipped entries between them."""
    fires: list[datetime] = []
    fire = timetable.after(moment)
    while fire is not None and len(fires) < count:
        fires.append(fire)
        fire = timetable.after(fire)
    if not fires:
        return ()
    rule = timetable.rule
    if isinstance(rule, Interval) or rule.interval_like:
        return tuple(_plain(timetable, fire) for fire in fires)
    entries = {entry.at: entry for fire in fires for entry in _repeated(timetable, fire)}
    for change in changes_from(timetable.zone, instant_of(moment), instant_of(fires[-1])):
        if change.shift > 0 and moment < moment_of(change.at) <= fires[-1]:
            entries.update((entry.at, entry) for entry in _in_gap(timetable, rule, change))
    return tuple(entries[at] for at in sorted(entries))


def _plain(timetable: Timetable, fire: datetime) -> FireTime:
    return FireTime(fire, fire.astimezone(ZoneInfo(timetable.zone)))


def _repeated(timetable: Timetable, fire: datetime) -> Iterator[FireTime]:
    """The entry of a fire time, marked if its local time comes twice, and the repetition that is skipped."""
    local = fire.astimezone(ZoneInfo(timetable.zone))
    second = local.replace(fold=1)
    if local.replace(fold=0).utcoffset() == second.utcoffset():
        yield FireTime(fire, local)
        return
    clock = f"{local:%H:%M:%S} comes twice on this day"
    if timetable.fold == "twice":
        yield FireTime(fire, local, f"{clock}: this is the {'second' if local.fold else 'first'}")
        return
    yield FireTime(fire, local, f"{clock}: it fires the first time only")
    yield FireTime(second.astimezone(UTC), second, f"{clock}: the second is skipped", skipped=True)


def _in_gap(timetable: Timetable, rule: Cron | OneTime, change: Change) -> Iterator[FireTime]:
    """What becomes of the local times that a gap swallows: at most one entry, at the jump."""
    start, end = change.at + change.before, change.at + change.after
    missing = rule.next_match(start)
    if missing is None or missing >= end:
        return
    more = rule.next_match(missing + 1)
    several = more is not None and more < end
    times = f"{_wall(missing):%H:%M:%S}" + (" and more times do" if several else " does")
    jump = moment_of(change.at)
    there = jump.astimezone(ZoneInfo(timetable.zone))
    if timetable.gap == "fire":
        yield FireTime(
            jump, there, f"{times} not exist on this day: fires once at the jump, at {there:%H:%M:%S}"
        )
    elif rule.next_match(end) == end:
        yield FireTime(jump, there, f"{times} not exist on this day and is left out before this one")
    else:
        yield FireTime(jump, _wall(missing), f"{times} not exist on this day: skipped", skipped=True)


def _wall(local: int) -> datetime:
    return _LOCAL_EPOCH + timedelta(seconds=local)
