"""The fire times that there should be, found by looking at every moment: nothing of this reads an expression.

Each kind of schedule comes with its expression for Carillon, and with its meaning in plain Python for us.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

BERLIN = "Europe/Berlin"
BEGIN = datetime(2026, 10, 23, 12, 0, 10, tzinfo=UTC)
"""A Friday; clocks in Berlin go back in the night to Sunday."""


@dataclass(frozen=True)
class Kind:
    """An expression, its zone, how many of a hundred schedules have it, and which moments it means.

    `step` is the distance of moments that can match, `means` says whether a local time does.
    """

    expression: str
    zone: str
    share: int
    step: int
    means: object


def at(hour, minute):
    """Once a day at a local time, the first time it comes."""
    return lambda t: (t.hour, t.minute, t.second, t.fold) == (hour, minute, 0, 0)


KINDS = (
    Kind("* * * * * *", "UTC", 2, 1, lambda t: True),
    Kind("*/10 * * * * *", BERLIN, 3, 10, lambda t: True),
    Kind("@every 45s", "UTC", 5, 45, lambda t: True),
    Kind("* * * * *", BERLIN, 15, 60, lambda t: t.second == 0),
    Kind("rate(5 minutes)", "UTC", 10, 300, lambda t: True),
    Kind(
        "*/15 8-18 * * 1-5",
        BERLIN,
        10,
        60,
        lambda t: t.minute % 15 == 0 and 8 <= t.hour <= 18 and t.weekday() < 5,
    ),
    Kind("0 * * * *", "Asia/Kathmandu", 15, 60, lambda t: t.minute == 0),
    Kind("30 2 * * *", BERLIN, 15, 60, at(2, 30)),
    Kind("0 9 * * 1", "America/New_York", 10, 60, lambda t: at(9, 0)(t) and t.weekday() == 0),
    Kind("0 6 1 * *", "UTC", 10, 60, lambda t: at(6, 0)(t) and t.day == 1),
    Kind("at(2026-10-25T03:00:00)", BERLIN, 5, 60, lambda t: at(3, 0)(t) and t.day == 25),
)
"""rate and @every count from BEGIN; steps of a minute look at whole minutes."""


@lru_cache
def fire_times(kind, until):
    """Every fire time after BEGIN and up to a moment."""
    zone = ZoneInfo(kind.zone)
    first = BEGIN if kind.expression.startswith(("rate", "@every")) else BEGIN.replace(second=0)
    moments = range(0, int((until - first).total_seconds()) + 1, kind.step)
    found = (first + timedelta(seconds=second) for second in moments)
    return tuple(moment for moment in found if moment > BEGIN and kind.means(moment.astimezone(zone)))


def is_weekend(moment, zone):
    """Whether the calendar of the campaign leaves the moment out."""
    return moment.astimezone(ZoneInfo(zone)).weekday() >= 5
