"""How one field of a cron expression is read into a set of numbers, and what it may contain.

Two dialects share it: plain cron (SUN=0 or 7, ranges run upwards) and AWS `cron()` (SUN=1, ranges may wrap).
Every refusal names the column, counted from 1, and what would be right.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from carillon.domain.errors import InvalidExpression

_MONTHS = {
    **{"JAN": 1, "FEB": 2, "MAR": 3, "APR": 4, "MAY": 5, "JUN": 6},
    **{"JUL": 7, "AUG": 8, "SEP": 9, "OCT": 10, "NOV": 11, "DEC": 12},
}
_WEEKDAYS = {"SUN": 0, "MON": 1, "TUE": 2, "WED": 3, "THU": 4, "FRI": 5, "SAT": 6}
_RANDOM = re.compile(r"[RH](\(.*\))?(/.*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Token:
    """One field's text (or part of it) and the column where it starts."""

    text: str
    column: int

    @property
    def starred(self) -> bool:
        """Whether it starts with `*`, which makes minutes and hours interval-like."""
        return self.text.startswith("*")

    @property
    def open(self) -> bool:
        """Whether it starts with `*` or is `?`, so that it does not take part in the either-or of days."""
        return self.starred or self.text == "?"

    def parts(self, separator: str) -> list["Token"]:
        """The parts between separators, each with its own column."""
        parts, column = [], self.column
        for text in self.text.split(separator):
            parts.append(Token(text, column))
            column += len(text) + len(separator)
        return parts


@dataclass(frozen=True, slots=True)
class Field:
    """What one field may hold: `low` to `high`; `top` is where `*` and open steps end."""

    name: str
    low: int
    high: int
    top: int
    names: Mapping[str, int] = field(default_factory=dict, compare=False)
    wraps: bool = False

    def values(self, token: Token) -> frozenset[int]:
        """Every number a comma-separated list stands for."""
        found: set[int] = set()
        for item in token.parts(","):
            found.update(self.item(item))
        return frozenset(found)

    def item(self, token: Token) -> list[int]:
        """The numbers of one list item: `*`, a value, a range, each with an optional step."""
        self._refuse_random(token)
        base, *steps = token.parts("/")
        if len(steps) > 1:
            raise self._unreadable(token)
        numbers = self._span(base, open_ended=bool(steps))
        return numbers[:: self._step(steps[0])] if steps else numbers

    def value(self, token: Token, *, ends_range: bool = False) -> int:
        """One number or name, checked against the field's bounds."""
        number = self.names.get(token.text.upper())
        if number is not None:
            # FRI-SUN is what people write; as the end of a range Sunday is 7.
            return 7 if ends_range and number == 0 and self.high == 7 else number
        if not re.fullmatch(r"[0-9]+", token.text):
            raise self._unreadable(token)
        if len(token.text) > 4 or not self.low <= int(token.text) <= self.high:
            raise InvalidExpression(
                f"{_short(token.text)} is outside the {self.name} field",
                column=token.column,
                remedy=f"use {self.low} to {self.high}",
            )
        return int(token.text)

    def _span(self, token: Token, *, open_ended: bool) -> list[int]:
        if token.text == "*":
            return list(range(self.low, self.top + 1))
        first, *rest = token.parts("-")
        if len(rest) > 1:
            raise self._unreadable(token)
        low = self.value(first)
        if rest:
            return self._range(token, low, rest[0])
        if not open_ended:
            return [low]
        return list(range(0 if low > self.top else low, self.top + 1))

    def _range(self, token: Token, low: int, end: Token) -> list[int]:
        high = self.value(end, ends_range=low > 0)
        if low <= high:
            return list(range(low, high + 1))
        if self.wraps:
            return [*range(low, self.top + 1), *range(self.low, high + 1)]
        raise InvalidExpression(
            f"The range {_short(token.text)} in the {self.name} field runs backwards",
            column=token.column,
            remedy=self._forwards(low, high),
        )

    def _forwards(self, low: int, high: int) -> str:
        if self.name == "year" or low > self.top:
            return "write the smaller value first"
        upper = str(low) if low == self.top else f"{low}-{self.top}"
        lower = str(high) if high == self.low else f"{self.low}-{high}"
        return f"write {upper},{lower} if it is meant to wrap around"

    def _step(self, token: Token) -> int:
        span = self.top - self.low + 1
        if not re.fullmatch(r"[0-9]+", token.text):
            raise InvalidExpression(
                f"{_short(token.text) or 'An empty value'} is not a step in the {self.name} field",
                column=token.column,
                remedy=f"a step is a whole number from 1 to {span}",
            )
        if len(token.text) > 4 or not 1 <= int(token.text) <= span:
            remedy = f"use 1 to {span}"
            if int(token.text[:1]) and self.name in ("second", "minute", "hour"):
                remedy += f", or @every for an interval that does not fit in the {self.name} field"
            raise InvalidExpression(
                f"A step of {_short(token.text)} does not fit the {self.name} field",
                column=token.column,
                remedy=remedy,
            )
        return int(token.text)

    def _refuse_random(self, token: Token) -> None:
        if _RANDOM.fullmatch(token.text):
            raise InvalidExpression(
                f"{_short(token.text)} in the {self.name} field would be a random or hashed value",
                column=token.column,
                remedy="write a fixed value and spread the load with jitter_seconds",
            )

    def _unreadable(self, token: Token) -> InvalidExpression:
        named = f" or a name such as {next(iter(self.names))}" if self.names else ""
        return InvalidExpression(
            f"{_short(token.text) or 'An empty value'} cannot be read in the {self.name} field",
            column=token.column,
            remedy=f"use * or {self.low} to {self.high}{named}, alone or as a list, a range or with a step",
        )


def _short(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:20]}…"


SECOND = Field("second", 0, 59, 59)
MINUTE = Field("minute", 0, 59, 59)
HOUR = Field("hour", 0, 23, 23)
MONTH_DAY = Field("day-of-month", 1, 31, 31)
MONTH = Field("month", 1, 12, 12, _MONTHS)
WEEKDAY = Field("day-of-week", 0, 7, 6, _WEEKDAYS)

AWS_MINUTE = Field("minute", 0, 59, 59, wraps=True)
AWS_HOUR = Field("hour", 0, 23, 23, wraps=True)
AWS_MONTH_DAY = Field("day-of-month", 1, 31, 31, wraps=True)
AWS_MONTH = Field("month", 1, 12, 12, _MONTHS, wraps=True)
AWS_WEEKDAY = Field("day-of-week", 1, 7, 7, {name: day + 1 for name, day in _WEEKDAYS.items()}, wraps=True)
AWS_YEAR = Field("year", 1970, 2199, 2199)
