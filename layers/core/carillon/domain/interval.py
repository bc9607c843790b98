"""Fire times at a fixed distance: `rate(5 minutes)` and `@every 1h30m`, counted from an anchor.

A day is always 24 hours; no zone and no clock change touches these.
"""

import re
from dataclasses import dataclass

from carillon.domain.cron_fields import Token
from carillon.domain.errors import InvalidExpression
from carillon.domain.transitions import CALENDAR_END

_UNIT_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_EVERY = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.IGNORECASE | re.ASCII)
_LONGEST = 36_500 * 86_400


@dataclass(frozen=True, slots=True)
class Interval:
    """An instant `anchor` and every `period` seconds after it."""

    period: int
    anchor: int

    def after(self, instant: int) -> int | None:
        """The first fire instant later than an instant."""
        if instant < self.anchor:
            return self.anchor
        fire = instant + self.period - (instant - self.anchor) % self.period
        return fire if fire < CALENDAR_END else None


def parse_every(token: Token) -> int:
    """The seconds that a duration such as `1h30m` lasts."""
    parts = _EVERY.fullmatch(token.text)
    if parts is None or not token.text:
        raise InvalidExpression(
            f"{token.text[:24] or 'Nothing'} is not a duration",
            column=token.column,
            remedy="write whole weeks, days, hours, minutes and seconds in that order, such as @every 1h30m",
        )
    if any(part is not None and len(part) > 10 for part in parts.groups()):
        raise _too_long(token)
    seconds = sum(
        int(part or 0) * unit for part, unit in zip(parts.groups(), _UNIT_SECONDS.values(), strict=True)
    )
    return checked_period(seconds, token)


def checked_period(seconds: int, token: Token) -> int:
    """A period that is neither zero nor longer than a century."""
    if seconds == 0:
        raise InvalidExpression(
            "An interval of zero never ends", column=token.column, remedy="use one second or more"
        )
    if seconds > _LONGEST:
        raise _too_long(token)
    return seconds


def _too_long(token: Token) -> InvalidExpression:
    return InvalidExpression(
        "The interval is longer than a century", column=token.column, remedy="use at most 36500 days"
    )
