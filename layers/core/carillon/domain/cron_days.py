"""Which days a cron expression means, from its two day fields: `?`, `L`, `LW`, `15W`, `5L`, `L5`, `5#2` and lists.

Weekdays are numbered as in plain cron, SUN=0, whatever the dialect wrote.
"""

import re
from dataclasses import dataclass

from carillon.domain.cron_fields import Field, Token
from carillon.domain.errors import InvalidExpression

_NEAR = re.compile(r"([0-9]{1,4})W", re.IGNORECASE)
_NTH = re.compile(r"([A-Z]+|[0-9]{1,4})#(.*)", re.IGNORECASE)
_LAST_AFTER = re.compile(r"([A-Z]{3}|[0-9]{1,4})L", re.IGNORECASE)
_LAST_BEFORE = re.compile(r"L([A-Z]{3}|[0-9]{1,4})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MonthDays:
    """Days of a month: numbers, the last one, the last weekday, and weekdays nearest to a number."""

    days: frozenset[int] = frozenset()
    last: bool = False
    last_weekday: bool = False
    near: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class WeekDays:
    """Days of the week: every one, the nth of a month, the last of a month."""

    days: frozenset[int] = frozenset()
    nth: frozenset[tuple[int, int]] = frozenset()
    last: frozenset[int] = frozenset()


def month_days(token: Token, field: Field) -> MonthDays | None:
    """Read the day-of-month field; None when it leaves the day open."""
    if token.text in ("*", "?"):
        return None
    days: set[int] = set()
    near: set[int] = set()
    words: set[str] = set()
    for item in token.parts(","):
        _refuse_lone_question(item, field)
        nearest = _NEAR.fullmatch(item.text)
        if item.text.upper() in ("L", "LW", "WL"):
            words.add(item.text.upper())
        elif nearest:
            near.add(field.value(Token(nearest[1], item.column)))
        else:
            days.update(field.item(item))
    return MonthDays(frozenset(days), "L" in words, bool(words - {"L"}), frozenset(near))


def week_days(token: Token, field: Field) -> WeekDays | None:
    """Read the day-of-week field; None when it leaves the day open."""
    if token.text in ("*", "?"):
        return None
    days: set[int] = set()
    nth: set[tuple[int, int]] = set()
    last: set[int] = set()
    for item in token.parts(","):
        _refuse_lone_question(item, field)
        hashed = _NTH.fullmatch(item.text)
        lasting = _LAST_AFTER.fullmatch(item.text) or _LAST_BEFORE.fullmatch(item.text)
        if hashed:
            nth.add((_weekday(Token(hashed[1], item.column), field), _occurrence(hashed, item)))
        elif lasting:
            last.add(_weekday(Token(lasting[1], item.column + lasting.start(1)), field))
        elif item.text.upper() == "L":
            days.add(_last_of_week(item, field))
        else:
            days.update((number - field.low) % 7 for number in field.item(item))
    return WeekDays(frozenset(days), frozenset(nth), frozenset(last))


def _weekday(token: Token, field: Field) -> int:
    return (field.value(token) - field.low) % 7


def _occurrence(hashed: re.Match[str], item: Token) -> int:
    if hashed[2] not in ("1", "2", "3", "4", "5"):
        raise InvalidExpression(
            f"A month has no weekday number {hashed[2][:8] or '(nothing)'}",
            column=item.column + hashed.start(2),
            remedy="use 1 to 5 after #, or 5L for the last Friday",
        )
    return int(hashed[2])


def _last_of_week(item: Token, field: Field) -> int:
    if field.low == 0:
        raise InvalidExpression(
            "L alone does not say which weekday is meant",
            column=item.column,
            remedy="write 5L for the last Friday of the month, or 6 for every Saturday",
        )
    return 6


def _refuse_lone_question(item: Token, field: Field) -> None:
    if "?" in item.text:
        raise InvalidExpression(
            f"? stands alone in the {field.name} field",
            column=item.column,
            remedy="write only ? there, or leave it out",
        )
