"""How close two fire times of a timetable can ever come: a lower bound, proven across clock changes.

For any two consecutive fire times at or after the moment, their distance is at least the answer. The bound looks at
matching times of day and the least distance of matching days apart from each other, so that it may be lower than what
ever happens, never higher. It refuses timetables that are too frequent, and proves that runs cannot overlap.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise

from carillon.domain.aws_expression import OneTime
from carillon.domain.cron import Cron, TimeOfDay
from carillon.domain.cron_dates import DateRule
from carillon.domain.cron_days import MonthDays, WeekDays
from carillon.domain.interval import Interval
from carillon.domain.timetable import Timetable
from carillon.domain.transitions import DAY, EPOCH, LAST_INSTANT, changes_from, instant_of, offset_at
from carillon.domain.wall_clock import Switches

# Past this year every zone repeats one yearly rule (a test checks it), so later changes add nothing new.
_SETTLED_YEAR = 2100


@dataclass(frozen=True, slots=True)
class ZoneChanges:
    """What a zone's clocks do from a year on: (local second of the day, shift) of each kind of change."""

    kinds: frozenset[tuple[int, int]]
    closest: int
    widest: int


def smallest_gap(timetable: Timetable, from_moment: datetime) -> timedelta:
    """A lower bound on the distance of consecutive fire times from a moment on; timedelta.max for one alone."""
    rule = timetable.rule
    if isinstance(rule, Interval):
        return timedelta(seconds=rule.period)
    if isinstance(rule, OneTime):
        return _between_occurrences(timetable, from_moment)
    return timedelta(seconds=_cron_gap(timetable, rule, from_moment.year))


def _between_occurrences(timetable: Timetable, from_moment: datetime) -> timedelta:
    first = timetable.after(from_moment - timedelta(microseconds=1))
    second = None if first is None else timetable.after(first)
    return timedelta.max if first is None or second is None else second - first


@lru_cache(maxsize=4_096)
def _cron_gap(timetable: Timetable, rule: Cron, from_year: int) -> int:
    switches = Switches.of(rule, timetable.gap, timetable.fold)
    zone = zone_changes(timetable.zone, from_year)
    calm = calm_gap(rule)
    bounds = [calm, *(_around(rule.times, kind, switches, calm) for kind in zone.kinds)]
    if zone.kinds:
        # A pair with two changes between it is at least as far apart as they are.
        bounds.append(max(zone.closest, calm - zone.widest))
    return min(bounds)


@lru_cache(maxsize=1_024)
def zone_changes(zone: str, from_year: int) -> ZoneChanges:
    """The kinds of change of a zone from a year on, their least distance, and the range of its offsets."""
    start = _year_start(max(from_year, 1970))
    until = min(_year_start(max(_SETTLED_YEAR, from_year + 12)), LAST_INSTANT)
    changes = list(changes_from(zone, start, until))
    kinds = frozenset(((change.at + change.before) % DAY, change.shift) for change in changes)
    offsets = [offset_at(zone, start), *(change.after for change in changes)]
    closest = min((late.at - early.at for early, late in pairwise(changes)), default=DAY * 7)
    return ZoneChanges(kinds, closest, max(offsets) - min(offsets))


def _year_start(year: int) -> int:
    return instant_of(EPOCH.replace(year=min(year, 2200)))


def calm_gap(rule: Cron) -> int:
    """The least distance in seconds of two matching local times."""
    times = rule.times
    within_minute = times.seconds[-1] - times.seconds[0]
    within_hour = within_minute + (times.minutes[-1] - times.minutes[0]) * 60
    return min(
        _closest(times.seconds),
        _closest(times.minutes) * 60 - within_minute,
        _closest(times.hours) * 3600 - within_hour,
        _least_days(rule.dates) * DAY - (times.last - times.first),
    )


def _closest(column: tuple[int, ...]) -> int:
    """The least distance of neighbours, or a long time for a single value."""
    return min((late - early for early, late in pairwise(column)), default=366 * DAY)


def _around(times: TimeOfDay, kind: tuple[int, int], switches: Switches, calm: int) -> int:
    """The least distance of two fire times with this change between them, or at its instant."""
    local, shift = kind
    before = _since_previous(times, local)
    if shift < 0:
        if not switches.fires_twice or _until_next(times, local + shift) >= -shift:
            return calm
        repeated = -shift if calm >= -shift else 0
        return max(before + _until_next(times, local + shift), repeated)
    if switches.fires_gap and _until_next(times, local) < shift:
        return max(min(before, 1 + _until_next(times, local + shift + 1)), calm - shift)
    return max(before + _until_next(times, local + shift), calm - shift)


def _until_next(times: TimeOfDay, second: int) -> int:
    """Seconds to the next matching time of day, as if every day matched; 0 when it matches itself."""
    second %= DAY
    match = times.at_or_after(second)
    return times.first + DAY - second if match is None else match - second


def _since_previous(times: TimeOfDay, second: int) -> int:
    """Seconds since the last matching time of day before this one, as if every day matched."""
    mirrored = TimeOfDay(
        tuple(59 - value for value in reversed(times.seconds)),
        tuple(59 - value for value in reversed(times.minutes)),
        tuple(23 - value for value in reversed(times.hours)),
    )
    return 1 + _until_next(mirrored, DAY - second)


def _least_days(dates: DateRule) -> int:
    """A lower bound on the days between two different matching dates."""
    if dates.either:
        return 1
    return max(_least_month_days(dates.month_days), _least_week_days(dates.week_days))


def _least_week_days(days: WeekDays | None) -> int:
    if days is None:
        return 1
    special = len(days.nth) + len(days.last)
    if special:
        return 28 if special == 1 and not days.days else 1
    ordered = sorted(days.days)
    return _closest((*ordered, ordered[0] + 7))


def _least_month_days(days: MonthDays | None) -> int:
    if days is None:
        return 1
    if days.near or days.last_weekday:
        # A working day lies at most two days from the day it stands for.
        alone = len(days.near) + days.last_weekday == 1 and not days.days and not days.last
        return 24 if alone else 1
    ordered = sorted(days.days)
    if not days.last:
        return _closest((*ordered, ordered[0] + 28))
    if not ordered:
        return 28
    return max(1, min(_closest(tuple(ordered)), 28 - ordered[-1], ordered[0]))
