"""Whether a host may be called now: not while it is down, nor more often or more at once than the stack allows.

After TRIP_AFTER failures in a row nobody calls for a while, longer each time; then one call tries, and either ends the
pause or makes the next one. The value is shared by all workers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from carillon.domain.moments import from_ms, to_ms
from carillon.domain.outcome import Outcome
from carillon.domain.retry_words import CLASSES

TRIP_AFTER: Final = 5
FIRST_PAUSE: Final = timedelta(seconds=30)
LONGEST_PAUSE: Final = timedelta(minutes=5)
SLOT_SECONDS: Final = 5
WINDOW_SLOTS: Final = 60 // SLOT_SECONDS + 1
"""Calls are counted by slots; the window is a slot longer than a minute, so that no minute holds more than allowed."""

BUSY_PAUSE: Final = timedelta(seconds=2)
_DEAD: Final = CLASSES["connection"] | {"timed_out", "http_502", "http_503", "http_504"}


class State(StrEnum):
    """How a host stands."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Sign(StrEnum):
    """What a call's end says of its host."""

    ALIVE = "alive"
    DEAD = "dead"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class HostLimit:
    """How many calls at once and how many a minute; None for any number."""

    concurrent: int | None = None
    per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class Host:
    """What is known of a host; `busy` are calls under way and when they are given up, `begun` counts calls by slot."""

    failures: int = 0
    pauses: int = 0
    open_until: datetime | None = None
    probe_until: datetime | None = None
    busy: Mapping[str, datetime] = field(default_factory=dict)
    begun: Mapping[int, int] = field(default_factory=dict)

    def state(self, now: datetime) -> State:
        """Closed: call; open: wait; half open: one may try."""
        if self.open_until is None:
            return State.CLOSED
        return State.OPEN if now < self.open_until else State.HALF_OPEN


@dataclass(frozen=True, slots=True)
class Admission:
    """Go, with the host as it then is; or when to ask again, and why."""

    go: bool
    host: Host
    again_at: datetime | None = None
    reason: str = ""


def admit(host: Host, limit: HostLimit, now: datetime, call: str, until: datetime) -> Admission:
    """Whether a call may be made now; `until` is when it surely has ended."""
    state = host.state(now)
    if state is State.OPEN:
        return Admission(False, host, host.open_until, "the host is down")
    if state is State.HALF_OPEN:
        if host.probe_until is not None and now < host.probe_until:
            return Admission(False, host, host.probe_until, "another call tries whether the host is up again")
        host = replace(host, probe_until=until)
    return _within_limits(host, limit, now, call, until)


def _within_limits(host: Host, limit: HostLimit, now: datetime, call: str, until: datetime) -> Admission:
    if limit.concurrent is not None:
        busy = {name: end for name, end in host.busy.items() if end > now}
        if len(busy) >= limit.concurrent:
            return Admission(
                False, host, now + BUSY_PAUSE, f"{limit.concurrent} calls to the host are under way"
            )
        host = replace(host, busy={**busy, call: until})
    if limit.per_minute is not None:
        slot = to_ms(now) // (SLOT_SECONDS * 1000)
        begun = {each: count for each, count in host.begun.items() if each > slot - WINDOW_SLOTS}
        if sum(begun.values()) >= limit.per_minute:
            again_at = from_ms((min(begun) + WINDOW_SLOTS) * SLOT_SECONDS * 1000)
            return Admission(False, host, again_at, f"{limit.per_minute} calls a minute are allowed")
        host = replace(host, begun={**begun, slot: begun.get(slot, 0) + 1})
    return Admission(True, host)


def sign_of(outcome: Outcome) -> Sign:
    """What an outcome says of its host: any answer is a sign of life."""
    if outcome.error in _DEAD:
        return Sign.DEAD
    return Sign.ALIVE if outcome.status is not None else Sign.NOTHING


def told(host: Host, sign: Sign, now: datetime, call: str) -> Host:
    """The host after a call has ended."""
    busy = {name: end for name, end in host.busy.items() if name != call}
    host = replace(host, busy=busy) if call in host.busy else host
    if sign is Sign.NOTHING:
        return host
    if sign is Sign.ALIVE:
        return replace(host, failures=0, pauses=0, open_until=None, probe_until=None)
    if host.state(now) is State.OPEN:
        return host
    failures = host.failures + 1
    if host.state(now) is State.CLOSED and failures < TRIP_AFTER:
        return replace(host, failures=failures)
    pause = min(FIRST_PAUSE * 2 ** min(host.pauses, 10), LONGEST_PAUSE)
    return replace(host, failures=failures, pauses=host.pauses + 1, open_until=now + pause, probe_until=None)


def parse_limits(entries: tuple[str, ...]) -> dict[str, HostLimit]:
    """Reads entries such as api.example.com=5/60: five at once, sixty a minute; ValueError names a wrong one."""
    limits = {}
    for entry in entries:
        host, _, numbers = entry.partition("=")
        concurrent, _, per_minute = numbers.partition("/")
        try:
            limits[host.lower()] = HostLimit(_number(concurrent), _number(per_minute))
        except ValueError:
            raise ValueError(
                f"The limit {entry!r} cannot be read; write host=5/60, host=5 or host=/60."
            ) from None
    return limits


def _number(text: str) -> int | None:
    if not text:
        return None
    if int(text) < 1:
        raise ValueError
    return int(text)
