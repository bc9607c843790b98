"""A cron expression as a rule over local time, and how its five or six fields are read.

Local times are whole seconds since 1970-01-01T00:00:00 on the wall clock, without any zone.
"""

import re
from bisect import bisect_left
from dataclasses import dataclass, field

from carillon.domain.cron_dates import DateRule, next_day
from carillon.domain.cron_days import month_days, week_days
from carillon.domain.cron_fields import HOUR, MINUTE, MONTH, MONTH_DAY, SECOND, WEEKDAY, Token
from carillon.domain.errors import InvalidExpression
from carillon.domain.transitions import DAY

_FIVE = ("minute", "hour", "day-of-month", "month", "day-of-week")

NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """Which times of day match: sorted seconds, minutes and hours, every combination of them."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]

    @property
    def first(self) -> int:
        """The earliest matching second of a day."""
        return self.hours[0] * 3600 + self.minutes[0] * 60 + self.seconds[0]

    @property
    def last(self) -> int:
        """The latest matching second of a day."""
        return self.hours[-1] * 3600 + self.minutes[-1] * 60 + self.seconds[-1]

    def at_or_after(self, second: int) -> int | None:
        """The first matching second of a day at or after one of its seconds."""
        wanted = (second // 3600, second // 60 % 60, second % 60)
        columns = (self.hours, self.minutes, self.seconds)
        chosen: list[int] = []
        for column, want in zip(columns, wanted, strict=True):
            position = bisect_left(column, want)
            if position < len(column) and column[position] == want:
                chosen.append(want)
                continue
            if position < len(column):
                return _second_of([*chosen, column[position]], columns)
            return _carried(chosen, columns)
        return second


def _second_of(chosen: list[int], columns: tuple[tuple[int, ...], ...]) -> int:
    hour, minute, second = [*chosen, *(column[0] for column in columns[len(chosen) :])]
    return hour * 3600 + minute * 60 + second


def _carried(chosen: list[int], columns: tuple[tuple[int, ...], ...]) -> int | None:
    """Raise the last chosen value that can be raised, as an odometer does."""
    while chosen:
        column = columns[len(chosen) - 1]
        position = bisect_left(column, chosen.pop()) + 1
        if position < len(column):
            return _second_of([*chosen, column[position]], columns)
    return None


@dataclass(frozen=True, slots=True)
class Cron:
    """Local times by date and time of day; interval-like ones follow absolute time at a clock change."""

    dates: DateRule
    times: TimeOfDay
    interval_like: bool
    source: tuple[str, ...] = field(default=(), compare=False)

    def next_match(self, local: int) -> int | None:
        """The first matching local second at or after a local second."""
        day, second = divmod(max(local, 0), DAY)
        match = next_day(self.dates, day)
        if match == day:
            time = self.times.at_or_after(second)
            if time is not None:
                return day * DAY + time
            match = next_day(self.dates, day + 1)
        return None if match is None else match * DAY + self.times.first


def tokens_of(text: str, first_column: int = 1) -> list[Token]:
    """The blank-separated fields of a text with their columns."""
    return [Token(found[0], found.start() + first_column) for found in re.finditer(r"\S+", text)]


def parse_cron(tokens: list[Token]) -> Cron:
    """Read five fields, or six with the seconds first."""
    if len(tokens) not in (5, 6):
        raise _wrong_count(tokens)
    second = tokens[0] if len(tokens) == 6 else Token("0", tokens[0].column)
    minute, hour, day, month, weekday = tokens[-5:]
    dates = DateRule(
        months=MONTH.values(month),
        month_days=month_days(day, MONTH_DAY),
        week_days=week_days(weekday, WEEKDAY),
        either=not day.open and not weekday.open,
    )
    times = TimeOfDay(
        _sorted(SECOND.values(second)), _sorted(MINUTE.values(minute)), _sorted(HOUR.values(hour))
    )
    return Cron(dates, times, minute.starred or hour.starred, tuple(token.text for token in tokens))


def _sorted(numbers: frozenset[int]) -> tuple[int, ...]:
    return tuple(sorted(numbers))


def _wrong_count(tokens: list[Token]) -> InvalidExpression:
    if len(tokens) < 5:
        missing = ", ".join(_FIVE[len(tokens) :])
        return InvalidExpression(
            f"A cron expression has five or six fields, not {len(tokens)}",
            column=tokens[-1].column + len(tokens[-1].text),
            remedy=f"after what is there write {missing}",
        )
    return InvalidExpression(
        f"A cron expression has five or six fields, not {len(tokens)}",
        column=tokens[6].column,
        remedy="leave out what follows, or write cron(minute hour day month weekday year) for a year",
    )
