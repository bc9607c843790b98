"""How many fire times a timetable has between two instants, without walking them.

Intervals are a division. A cron rule is counted day by day: the matching times of a day are a product, a day that is
cut is told by position, and clock changes are met exactly as `next_instant` meets them.
"""

from bisect import bisect_left

from carillon.domain.aws_expression import OneTime
from carillon.domain.cron import Cron, TimeOfDay
from carillon.domain.cron_dates import next_day
from carillon.domain.interval import Interval
from carillon.domain.timetable import Timetable
from carillon.domain.transitions import CALENDAR_END, DAY, FIRST_INSTANT, LAST_INSTANT, Stretch, stretch_at
from carillon.domain.wall_clock import Switches, first_unseen, is_swallowed


def count_fires(timetable: Timetable, first: int, last: int) -> int:
    """The number of fire times at instants from `first` to `last`, both included."""
    rule = timetable.rule
    if isinstance(rule, Interval):
        return _ticks(rule, last) - _ticks(rule, first - 1)
    switches = Switches.of(rule, timetable.gap, timetable.fold)
    current, end, total = max(first, FIRST_INSTANT), min(last + 1, LAST_INSTANT), 0
    while current < end:
        stretch = stretch_at(timetable.zone, current)
        stop = min(stretch.ends_at, end)
        total += _in_stretch(rule, stretch, switches, current, stop)
        current = stop
    return total


def _ticks(rule: Interval, instant: int) -> int:
    instant = min(instant, CALENDAR_END - 1)
    return 0 if instant < rule.anchor else (instant - rule.anchor) // rule.period + 1


def _in_stretch(rule: Cron | OneTime, stretch: Stretch, switches: Switches, start: int, stop: int) -> int:
    at_jump = 0
    if switches.fires_gap and is_swallowed(rule, stretch, start):
        # What the gap swallowed fires at the jump, together with a time of its own there.
        at_jump, start = 1, start + 1
    low = first_unseen(stretch, start, switches)
    return at_jump + _matches(rule, low, stop + stretch.offset)


def _matches(rule: Cron | OneTime, low: int, high: int) -> int:
    """Matching local seconds from `low` up to but without `high`."""
    if isinstance(rule, OneTime):
        return int(low <= rule.local < high)
    low, total = max(low, 0), 0
    day = next_day(rule.dates, low // DAY)
    while day is not None and day * DAY < high:
        start = day * DAY
        total += _earlier(rule.times, min(high - start, DAY)) - _earlier(rule.times, max(low - start, 0))
        day = next_day(rule.dates, day + 1)
    return max(total, 0)


def _earlier(times: TimeOfDay, second: int) -> int:
    """How many matching seconds of a day lie before one of its seconds."""
    hour, minute = second // 3600, second // 60 % 60
    in_hour = len(times.minutes) * len(times.seconds)
    count = bisect_left(times.hours, hour) * in_hour
    if hour not in times.hours:
        return count
    count += bisect_left(times.minutes, minute) * len(times.seconds)
    return count + (bisect_left(times.seconds, second % 60) if minute in times.minutes else 0)
