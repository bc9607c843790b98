"""When a zone's clocks change, and which offset holds at an instant.

Instants are whole seconds since the epoch. A change is found by comparing the offsets at both ends of a stride
of three days and bisecting; a test proves on the pinned tzdata that no zone changes twice within two strides.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400
STRIDE = 3 * DAY
FIRST_INSTANT = -DAY
CALENDAR_END = int((datetime(2200, 1, 1, tzinfo=UTC) - EPOCH).total_seconds())
LAST_INSTANT = CALENDAR_END + DAY

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a zone's offset: from `at` on, local time is UTC plus `after` seconds."""

    at: int
    before: int
    after: int

    @property
    def shift(self) -> int:
        """How far local clocks jump: positive leaves a gap, negative repeats a stretch."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time up to `ends_at` in which the offset is constant; `change` is the latest one, if it is recent."""

    ends_at: int
    offset: int
    change: Change | None


def instant_of(moment: datetime) -> int:
    """The whole second at or before an aware moment."""
    return (moment - EPOCH) // _SECOND


def moment_of(instant: int) -> datetime:
    """The aware UTC moment of an instant."""
    return EPOCH + timedelta(seconds=instant)


def offset_at(zone: str, instant: int) -> int:
    """Seconds by which local time is ahead of UTC."""
    offset = moment_of(instant).astimezone(ZoneInfo(zone)).utcoffset()
    return 0 if offset is None else offset // _SECOND


@lru_cache(maxsize=16_384)
def change_within(zone: str, stride: int) -> Change | None:
    """The one change after the start and up to the end of the numbered stride."""
    early, late = stride * STRIDE, (stride + 1) * STRIDE
    before, after = offset_at(zone, early), offset_at(zone, late)
    if before == after:
        return None
    while late - early > 1:
        middle = (early + late) // 2
        if offset_at(zone, middle) == before:
            early = middle
        else:
            late = middle
    return Change(late, before, after)


def stretch_at(zone: str, instant: int) -> Stretch:
    """The stretch of constant offset, at most one stride long, in which an instant lies."""
    stride = instant // STRIDE
    change = change_within(zone, stride)
    end = (stride + 1) * STRIDE
    if change is None:
        recent = change_within(zone, stride - 1)
        return Stretch(end, recent.after if recent else offset_at(zone, instant), recent)
    if instant >= change.at:
        return Stretch(end, change.after, change)
    return Stretch(change.at, change.before, change_within(zone, stride - 1))


def changes_from(zone: str, instant: int, until: int) -> Iterator[Change]:
    """Every change from the stride of one instant to that of another, in order."""
    before = offset_at(zone, instant // STRIDE * STRIDE)
    for stride in range(instant // STRIDE, until // STRIDE + 1):
        after = offset_at(zone, (stride + 1) * STRIDE)
        change = change_within(zone, stride) if after != before else None
        before = after
        if change is not None:
            yield change
