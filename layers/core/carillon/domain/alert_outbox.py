"""Which alerts go out at once and which wait for a summary: an outage is a few messages and then one for each window.

The outbox is one small value. An alert is in it before it is sent and until every channel has taken it, and it knows
those it has seen, so that a crash loses none and a repeated record of the stream adds none.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from carillon.domain.alert import MAX_SINGLE, Alert, group_alert, schedule_of
from carillon.domain.alert_held import Held, held_alert
from carillon.domain.alert_rules import AlertKind

MAX_LETTERS: Final = 20
"""Alerts on their way; while there are as many, whatever comes waits for the summary: the row must stay a row."""
MAX_TRIES: Final = 8
KEPT_MARKS: Final = 512
"""More alerts than the batches of the stream hold that may come again."""
_FIRST_PAUSE: Final = timedelta(minutes=1)
_LONGEST_PAUSE: Final = timedelta(minutes=15)
_ALL: Final = "*"


@dataclass(frozen=True, slots=True)
class Letter:
    """An alert on its way: the channels that took it, how often it was tried, and when it is tried next."""

    alert: Alert
    next_at: datetime
    tries: int = 0
    taken_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time: of what was told in it (schedules by kind), and what is held back until it ends (by kind)."""

    opened_at: datetime
    closes_at: datetime
    told: Mapping[str, tuple[str, ...]]
    held: Mapping[str, Held]


@dataclass(frozen=True, slots=True)
class Outbox:
    """The stack's alerts between their cause and their channels."""

    window: Window | None = None
    letters: tuple[Letter, ...] = ()
    marks: tuple[str, ...] = ()


def noted(
    outbox: Outbox, alerts: Iterable[Alert], now: datetime, length: timedelta, environment: str
) -> Outbox:
    """The outbox with these alerts in it, and with the summaries of a window that has ended."""
    outbox = _closed(outbox, now, length, environment)
    known = set(outbox.marks)
    news = {mark: alert for alert in alerts for mark in (_mark(alert),) if mark not in known}
    if not news:
        return outbox
    kinds: dict[str, list[Alert]] = {}
    for alert in news.values():
        kinds.setdefault(_heap(alert), []).append(alert)
    outbox = replace(outbox, marks=(*outbox.marks, *news)[-KEPT_MARKS:])
    for kind, same in kinds.items():
        outbox = _with_kind(outbox, kind, same, now, length, environment)
    return outbox


def taken_up(outbox: Outbox, now: datetime) -> tuple[Outbox, tuple[Letter, ...]]:
    """The letters to be sent now, and the outbox in which nobody else sends them for a while."""
    due = tuple(letter for letter in outbox.letters if letter.next_at <= now)
    pushed = tuple(
        replace(each, tries=each.tries + 1, next_at=now + _pause(each.tries)) if each in due else each
        for each in outbox.letters
    )
    return replace(outbox, letters=pushed), due


def channels_of(alert: Alert, channels: Collection[str]) -> Collection[str]:
    """Those of the stack's channels that are told; one that is not turned on leaves its alerts to the others."""
    named = [name for name in channels if name in alert.to]
    return named or channels


def settled(
    outbox: Outbox, took: Mapping[str, Collection[str]], channels: Collection[str]
) -> tuple[Outbox, tuple[Letter, ...]]:
    """The outbox after `took` (channels by alert_id) took their letters, and the letters that are given up."""
    kept: list[Letter] = []
    lost: list[Letter] = []
    for letter in outbox.letters:
        own = took.get(id_of(letter.alert))
        tried = replace(letter, taken_by=tuple(sorted({*letter.taken_by, *(own or ())})))
        if own is None or not set(channels_of(letter.alert, channels)) <= set(tried.taken_by):
            (lost if own is not None and letter.tries >= MAX_TRIES else kept).append(tried)
    return replace(outbox, letters=tuple(kept)), tuple(lost)


def id_of(alert: Alert) -> str:
    """The alert's id, the same each time it is told."""
    return str(alert.message["alert_id"])


def _heap(alert: Alert) -> str:
    """What is told together: alerts of one kind for the same channels."""
    return " ".join((alert.kind, *alert.to))


def _with_kind(
    outbox: Outbox, kind: str, same: Sequence[Alert], now: datetime, length: timedelta, environment: str
) -> Outbox:
    window = outbox.window or Window(now, now + length, {}, {})
    told, held = window.told.get(kind, ()), window.held.get(kind, Held())
    letters = list(outbox.letters)
    if len(same) > MAX_SINGLE and _ALL not in told and len(letters) < MAX_LETTERS:
        letters.append(Letter(group_alert(same, environment), now))
        told, same = (*told, _ALL), ()
    for alert in same:
        name = schedule_of(alert)
        is_room = len(told) < MAX_SINGLE and len(letters) < MAX_LETTERS
        if is_room and name not in told and _ALL not in told and len(same) <= MAX_SINGLE:
            letters.append(Letter(alert, now))
            told = (*told, name)
        else:
            held = held.plus(alert)
    window = replace(
        window,
        told={**window.told, kind: told},
        held={**window.held, kind: held} if held.count else window.held,
    )
    return replace(outbox, window=window, letters=tuple(letters))


def _closed(outbox: Outbox, now: datetime, length: timedelta, environment: str) -> Outbox:
    window = outbox.window
    if window is None or now < window.closes_at:
        return outbox
    if not window.held:
        return replace(outbox, window=None)
    if len(outbox.letters) >= MAX_LETTERS:
        return replace(outbox, window=replace(window, closes_at=now + length))
    summaries = tuple(
        Letter(held_alert(kind, held, window.opened_at, environment), now)
        for kind, held in window.held.items()
    )
    # What goes on is told once a window from here on, and not first one by one again.
    following = Window(now, now + length, window.told, {})
    return replace(outbox, window=following, letters=(*outbox.letters, *summaries))


def _pause(tries: int) -> timedelta:
    # 1, 2, 4, 8, 15, 15 … minutes: about an hour together.
    return min(_FIRST_PAUSE * (1 << tries), _LONGEST_PAUSE)


def _mark(alert: Alert) -> str:
    # A run may fail twice, after an operator had its compensation go on. It is late or long once, told early or late.
    end = alert.message.get("ended_at") if alert.message["alert"] == AlertKind.FAILED else None
    return sha256(f"{id_of(alert)}:{end}".encode()).hexdigest()[:8]
