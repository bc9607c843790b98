"""The three forms of AWS: `rate(5 minutes)`, `at(2026-01-01T00:00:00)`, `cron(0 18 ? * MON-FRI *)`.

In `cron()` SUN is 1, ranges may wrap around, and one of the two day fields is `?`; the year may be left out.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from carillon.domain.cron import Cron, TimeOfDay, tokens_of
from carillon.domain.cron_dates import FIRST_YEAR, LAST_YEAR, DateRule
from carillon.domain.cron_days import month_days, week_days
from carillon.domain.cron_fields import (
    AWS_HOUR,
    AWS_MINUTE,
    AWS_MONTH,
    AWS_MONTH_DAY,
    AWS_WEEKDAY,
    AWS_YEAR,
    Token,
)
from carillon.domain.errors import InvalidExpression
from carillon.domain.interval import checked_period

_FORM = re.compile(r"\s*(rate|at|cron)\s*\((.*)\)", re.IGNORECASE)
_AT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}", re.ASCII)
_RATE_SECONDS = {"minute": 60, "hour": 3_600, "day": 86_400}
_LOCAL_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall-clock seconds carry no zone
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class OneTime:
    """One local time, in seconds since 1970-01-01T00:00:00 on the wall clock."""

    local: int
    column: int = 1
    interval_like: bool = False

    def next_match(self, local: int) -> int | None:
        """The local time itself, unless it has gone by."""
        return self.local if local <= self.local else None


def parse_aws(text: str) -> Cron | OneTime | int | None:
    """The rule of an AWS form (for `rate` its seconds), or None when the text is none of them."""
    form = _FORM.fullmatch(text)
    if form is None:
        _refuse_unclosed(text)
        return None
    kind, inner = form[1].lower(), Token(form[2], form.start(2) + 1)
    if kind == "rate":
        return _rate(inner)
    return _one_time(inner) if kind == "at" else _cron(inner)


def _refuse_unclosed(text: str) -> None:
    if re.match(r"\s*(rate|at|cron)\s*\(", text, re.IGNORECASE):
        behind = text.rpartition(")")[2]
        if len(behind) < len(text):
            raise InvalidExpression(
                "Nothing may follow the closing parenthesis",
                column=len(text) - len(behind.lstrip()) + 1,
                remedy="leave out what follows",
            )
        raise InvalidExpression(
            "The closing parenthesis is missing", column=len(text), remedy="end the expression with )"
        )


def _rate(inner: Token) -> int:
    tokens = tokens_of(inner.text, inner.column)
    if len(tokens) != 2 or not re.fullmatch(r"[0-9]{1,10}", tokens[0].text):
        raise InvalidExpression(
            "A rate is a whole number and a unit", column=inner.column, remedy="write it as rate(5 minutes)"
        )
    unit = _RATE_SECONDS.get(tokens[1].text.lower().removesuffix("s"))
    if unit is None:
        raise InvalidExpression(
            f"{tokens[1].text[:24]} is not a unit of rate()",
            column=tokens[1].column,
            remedy="use minutes, hours or days, or @every 30s for seconds",
        )
    return checked_period(int(tokens[0].text) * unit, tokens[0])


def _one_time(inner: Token) -> OneTime:
    text = inner.text.strip()
    column = inner.column + len(inner.text) - len(inner.text.lstrip())
    if not _AT.fullmatch(text):
        raise InvalidExpression(
            "at() holds one local time",
            column=column,
            remedy="write it as at(2026-01-31T18:00:00), without a zone",
        )
    try:
        local = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidExpression(
            f"{text} does not exist on the calendar", column=column, remedy="check the day and the time"
        ) from error
    if not FIRST_YEAR <= local.year <= LAST_YEAR:
        raise InvalidExpression(
            f"{local.year} is outside the calendar", column=column, remedy=f"use {FIRST_YEAR} to {LAST_YEAR}"
        )
    return OneTime((local - _LOCAL_EPOCH) // _SECOND, column)


def _cron(inner: Token) -> Cron:
    tokens = tokens_of(inner.text, inner.column)
    if len(tokens) not in (5, 6):
        raise InvalidExpression(
            f"cron() has six fields, or five without the year, not {len(tokens)}",
            column=inner.column,
            remedy="write cron(minute hour day-of-month month day-of-week year)",
        )
    minute, hour, day, month, weekday = tokens[:5]
    _one_question(day, weekday)
    year = tokens[5] if len(tokens) == 6 else Token("*", inner.column)
    dates = DateRule(
        months=AWS_MONTH.values(month),
        month_days=month_days(day, AWS_MONTH_DAY),
        week_days=week_days(weekday, AWS_WEEKDAY),
        years=None if year.text == "*" else AWS_YEAR.values(year),
    )
    times = TimeOfDay((0,), tuple(sorted(AWS_MINUTE.values(minute))), tuple(sorted(AWS_HOUR.values(hour))))
    return Cron(dates, times, minute.starred or hour.starred, tuple(token.text for token in tokens))


def _one_question(day: Token, weekday: Token) -> None:
    questions = [token.text for token in (day, weekday)].count("?")
    if questions != 1:
        raise InvalidExpression(
            "Exactly one of day-of-month and day-of-week is ? in cron()",
            column=weekday.column if questions == 2 else day.column,
            remedy="write ? in the field that does not matter, and * or the days in the other",
        )
