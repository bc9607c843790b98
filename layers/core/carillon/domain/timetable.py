"""The timetable: an expression, a zone and two DST switches, and the fire time that follows any moment.

Forms: cron with five fields or six (seconds first), `@daily` and its kind, `@every 1h30m`, and AWS `rate()`,
`at()` and `cron()`. Fire times are aware UTC moments on whole seconds, strictly increasing, up to the end of
2199. croniter does the calendar search (see cron_dates); fields, clock changes and intervals are read here.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from carillon.domain.aws_expression import OneTime
from carillon.domain.errors import InvalidExpression
from carillon.domain.expression import Rule, check_text, read_rule
from carillon.domain.interval import Interval
from carillon.domain.transitions import FIRST_INSTANT, instant_of, moment_of, stretch_at
from carillon.domain.wall_clock import Switches, next_instant

Gap = Literal["fire", "skip"]
Fold = Literal["once", "twice"]

_COUNTS = re.compile(r"\s*(rate|@every)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Timetable:
    """When something fires. Equal timetables fire equally; only intervals keep their anchor."""

    expression: str
    zone: str
    gap: Gap = "fire"
    fold: Fold = "once"
    anchor: datetime | None = None
    rule: Rule = field(kw_only=True, compare=False, repr=False)

    @staticmethod
    def parse(
        expression: str,
        zone: str,
        *,
        gap: Gap = "fire",
        fold: Fold = "once",
        anchor: datetime | None = None,
    ) -> "Timetable":
        """Read an expression in an IANA zone, or raise InvalidExpression.

        `anchor` (aware) is where `rate` and `@every` count from, the epoch if it is not given.
        """
        # Whatever does not count from an anchor is shared by schedules that differ only there.
        kept = anchor if _COUNTS.match(expression) else None
        return _parsed(expression, zone, gap, fold, kept)

    def after(self, moment: datetime) -> datetime | None:
        """The first fire time later than an aware moment, or None when there is none before 2200."""
        if moment.tzinfo is None:
            raise ValueError("A moment needs a zone: pass an aware datetime")
        return _fire_after(self, instant_of(moment))


@lru_cache(maxsize=16_384)
def _fire_after(timetable: Timetable, instant: int) -> datetime | None:
    rule = timetable.rule
    if isinstance(rule, Interval):
        fire = rule.after(instant)
    else:
        switches = Switches.of(rule, timetable.gap, timetable.fold)
        fire = next_instant(rule, timetable.zone, switches, instant + 1)
    return None if fire is None else moment_of(fire)


@lru_cache(maxsize=4_096)
def _parsed(expression: str, zone: str, gap: Gap, fold: Fold, anchor: datetime | None) -> Timetable:
    _check_switches(gap, fold)
    check_text(expression)
    _check_zone(zone)
    rule = read_rule(expression.rstrip(), anchor)
    kept = moment_of(rule.anchor) if isinstance(rule, Interval) else None
    timetable = Timetable(" ".join(expression.split()), zone, gap, fold, kept, rule=rule)
    _refuse_never(timetable)
    return timetable


def _check_switches(gap: str, fold: str) -> None:
    if gap not in ("fire", "skip"):
        raise InvalidExpression(f"The gap switch cannot be {ascii(gap)[:24]}", remedy="use fire or skip")
    if fold not in ("once", "twice"):
        raise InvalidExpression(f"The fold switch cannot be {ascii(fold)[:24]}", remedy="use once or twice")


def _check_zone(zone: str) -> None:
    try:
        known = 0 < len(zone) <= 64 and zone.isascii() and ZoneInfo(zone) is not None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = False
    if not known:
        raise InvalidExpression(
            f"There is no time zone named {ascii(zone)[:40]}",
            remedy="use a name such as Europe/Berlin or UTC",
        )


def _refuse_never(timetable: Timetable) -> None:
    rule = timetable.rule
    if isinstance(rule, Interval):
        return
    if rule.next_match(0) is None:
        raise InvalidExpression(
            "The expression never fires: no date from 1970 to 2199 matches",
            column=1,
            remedy="check the day against the months and years",
        )
    exists = Switches(fires_gap=False, fires_twice=True)
    if isinstance(rule, OneTime) and next_instant(rule, timetable.zone, exists, FIRST_INSTANT) is None:
        raise _in_gap(timetable, rule)
    if _fire_after(timetable, FIRST_INSTANT) is None:
        raise InvalidExpression(
            f"The expression never fires: the clocks in {timetable.zone} jump over every time it names",
            column=1,
            remedy="use another time, or gap=fire to run at the jump",
        )


def _in_gap(timetable: Timetable, rule: OneTime) -> InvalidExpression:
    jump = next_instant(rule, timetable.zone, Switches(fires_gap=True, fires_twice=False), FIRST_INSTANT)
    remedy = "use a time that exists"
    if jump is not None:
        there = moment_of(jump + stretch_at(timetable.zone, jump).offset)
        remedy = f"the first time after the jump is {there:%Y-%m-%dT%H:%M:%S}"
    return InvalidExpression(
        f"This local time does not exist in {timetable.zone}: the clocks jump over it",
        column=rule.column,
        remedy=remedy,
    )
