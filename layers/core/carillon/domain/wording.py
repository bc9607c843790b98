"""A timetable's expression as a sentence, so that people can check that it says what they meant."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from carillon.domain.aws_expression import OneTime
from carillon.domain.cron import Cron, TimeOfDay
from carillon.domain.cron_dates import ALL_MONTHS, FIRST_YEAR, LAST_YEAR, DateRule
from carillon.domain.cron_days import MonthDays, WeekDays
from carillon.domain.interval import Interval
from carillon.domain.timetable import Timetable

_LOCAL_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall-clock seconds carry no zone
_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_NTH = ("first", "second", "third", "fourth", "fifth")
_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_MOST_TIMES = 6


def describe(expression: str, zone: str) -> str:
    """A sentence that says when an expression fires; raises InvalidExpression."""
    rule = Timetable.parse(expression, zone).rule
    if isinstance(rule, Interval):
        return f"Every {_duration(rule.period)}."
    if isinstance(rule, OneTime):
        return f"Once, at {_LOCAL_EPOCH + timedelta(seconds=rule.local):%H:%M:%S on %Y-%m-%d}, {zone} time."
    return f"{_when(_times(rule.times), _dates(rule.dates))}, {zone} time{_absolute(rule)}."


def _when(times: str, dates: str) -> str:
    if not times.startswith("Every"):
        return f"{times} {dates}"
    return times if dates == "every day" else f"{times}, {dates}"


def _absolute(rule: Cron) -> str:
    frequent = len(rule.times.hours) < 24 and rule.interval_like
    return ", never in an hour that a clock change leaves out" if frequent else ""


def _duration(seconds: int) -> str:
    parts = []
    for name, unit in _UNITS:
        amount, seconds = divmod(seconds, unit)
        if amount:
            parts.append(f"{amount} {name}{'s' if amount > 1 else ''}")
    return parts[0].removeprefix("1 ") if len(parts) == 1 else _joined(parts)


def _times(times: TimeOfDay) -> str:
    clocks = [
        (hour, minute, second)
        for hour in times.hours[: _MOST_TIMES + 1]
        for minute in times.minutes[: _MOST_TIMES + 1]
        for second in times.seconds[: _MOST_TIMES + 1]
    ]
    if len(clocks) <= _MOST_TIMES:
        form = "{:02}:{:02}" if times.seconds == (0,) else "{:02}:{:02}:{:02}"
        return "At " + _joined(form.format(*clock) for clock in clocks)
    hours = _often("hour", times.hours, 24)
    if times.seconds == times.minutes == (0,):
        return hours.capitalize() or f"On the hour, {_hours(times.hours)}"
    seconds = "" if times.seconds == (0,) else _column("second", times.seconds)
    minutes = _column("minute", times.minutes)
    parts = [
        seconds,
        "" if seconds.startswith("every") and minutes == "every minute" else minutes,
        "" if hours == "every hour" else hours or _hours(times.hours),
    ]
    return ", ".join(filter(None, parts)).capitalize()


def _column(name: str, values: Sequence[int]) -> str:
    return _often(name, values, 60) or f"at {name} {_ranges(values)}"


def _hours(values: Sequence[int]) -> str:
    return f"in the hour{'s' if len(values) > 1 else ''} {_ranges(values)}"


def _often(name: str, values: Sequence[int], size: int) -> str:
    """The even rhythm of values that begin anew with each cycle; nothing for others."""
    if len(values) == size:
        return f"every {name}"
    step = values[1] - values[0] if len(values) > 2 else 0
    return f"every {step} {name}s" if step > 1 and list(values) == list(range(0, size, step)) else ""


def _dates(dates: DateRule) -> str:
    sides = [side for side in (_month_days(dates.month_days), _week_days(dates.week_days)) if side]
    words = (" or " if dates.either else ", if that is ").join(sides) or "every day"
    if dates.months != ALL_MONTHS:
        words += " in " + _ranges(sorted(dates.months), lambda month: _MONTHS[month - 1])
    if dates.years is not None and len(dates.years) <= LAST_YEAR - FIRST_YEAR:
        words += " of " + _ranges(sorted(dates.years))
    return words if words.startswith("every day") else f"on {words}"


def _month_days(days: MonthDays | None) -> str:
    if days is None:
        return ""
    words = []
    if days.days:
        words.append(f"day {_ranges(sorted(days.days))} of the month")
    if days.last:
        words.append("the last day of the month")
    if days.last_weekday:
        words.append("the last weekday of the month")
    words.extend(f"the weekday nearest to day {day} of the month" for day in sorted(days.near))
    return _joined(words)


def _week_days(days: WeekDays | None) -> str:
    if days is None:
        return ""
    words = [_ranges(sorted(days.days), lambda day: _WEEKDAYS[day])] if days.days else []
    words.extend(f"the {_NTH[nth - 1]} {_WEEKDAYS[day]} of the month" for day, nth in sorted(days.nth))
    words.extend(f"the last {_WEEKDAYS[day]} of the month" for day in sorted(days.last))
    return _joined(words)


def _ranges(values: Sequence[int], name: Callable[[int], str] = str) -> str:
    """Values in words, runs of three and more as `a to b`."""
    runs: list[list[int]] = []
    for value in values:
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    words: list[str] = []
    for run in runs:
        if len(run) > 2:
            words.append(f"{name(run[0])} to {name(run[-1])}")
        else:
            words.extend(name(value) for value in run)
    return _joined(words)


def _joined(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last
