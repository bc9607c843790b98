"""At which instant a rule over local time fires next, given the zone and the two DST switches.

Time is walked in stretches of constant offset, so that a gap is the jump between two of them and a repeated
time is one that the later of them shows again.
"""

from dataclasses import dataclass
from typing import Protocol

from carillon.domain.transitions import DAY, FIRST_INSTANT, LAST_INSTANT, Stretch, stretch_at


class LocalRule(Protocol):
    """A rule over local seconds."""

    @property
    def interval_like(self) -> bool:
        """Whether it follows absolute time, so that no switch touches it."""

    def next_match(self, local: int) -> int | None:
        """The first matching local second at or after a local second."""


@dataclass(frozen=True, slots=True)
class Switches:
    """What happens at a clock change: fire what the gap swallowed, and fire twice what comes twice."""

    fires_gap: bool
    fires_twice: bool

    @classmethod
    def of(cls, rule: LocalRule, gap: str, fold: str) -> "Switches":
        """The switches as they act on a rule: absolute time has no gap and passes each instant once."""
        if rule.interval_like:
            return cls(fires_gap=False, fires_twice=True)
        return cls(fires_gap=gap == "fire", fires_twice=fold == "twice")


def next_instant(rule: LocalRule, zone: str, switches: Switches, instant: int) -> int | None:
    """The first fire instant at or after an instant, or None when the calendar ends first."""
    current: int | None = max(instant, FIRST_INSTANT)
    while current is not None and current < LAST_INSTANT:
        stretch = stretch_at(zone, current)
        if switches.fires_gap and is_swallowed(rule, stretch, current):
            return current
        start = first_unseen(stretch, current, switches)
        match = rule.next_match(start)
        if match is not None and match < stretch.ends_at + stretch.offset:
            return match - stretch.offset
        current = _resume(stretch, current, match)
    return None


def first_unseen(stretch: Stretch, instant: int, switches: Switches) -> int:
    """The local second at which to look on: past what the stretch repeats, unless that fires twice."""
    local = instant + stretch.offset
    change = stretch.change
    if change is None or change.shift > 0 or switches.fires_twice:
        return local
    return max(local, change.at + change.before)


def is_swallowed(rule: LocalRule, stretch: Stretch, instant: int) -> bool:
    """Whether the instant is the end of a gap in which the rule has a local time."""
    change = stretch.change
    if change is None or change.at != instant or change.shift < 0:
        return False
    missing = rule.next_match(instant + change.before)
    return missing is not None and missing < instant + change.after


def _resume(stretch: Stretch, instant: int, match: int | None) -> int | None:
    """Where to look next: the next stretch, or near a far match when nothing can repeat before it."""
    if instant > stretch.ends_at - 2 * DAY:
        return stretch.ends_at
    return None if match is None else max(stretch.ends_at, match - stretch.offset - 3 * DAY)
