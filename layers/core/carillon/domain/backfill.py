"""A backfill: a stretch of a schedule's past fire times, worked off a few at a time, and how far it is.

`open` names the runs that are begun and not yet settled. A key is written there before its row is put, so that a crash
between the two is mended by whoever looks next: it puts what is missing, and never more than `max_concurrent`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from carillon.domain.backfill_times import in_range, next_in_order
from carillon.domain.calendars import Exclusions
from carillon.domain.fire_times import newest
from carillon.domain.moments import to_key
from carillon.domain.run import LISTED_AS_FAILED, RunState
from carillon.domain.schedule import TimetableSpec

MAX_FIRE_TIMES: Final = 100_000
MAX_CONCURRENT: Final = 50
MAX_ACTIVE: Final = 5
"""Backfills of one schedule that may be under way at once."""

BACKFILL_ID: Final = re.compile(r"\d{8}t\d{6}z-[a-z0-9]{6}")
_OF_A_FIRE_TIME: Final = re.compile(rf"\d{{8}}T\d{{6}}Z(?:~b{BACKFILL_ID.pattern}(?:-r\d+)?|~r\d+)?")
_DID_NOT_RUN: Final = frozenset({RunState.SKIPPED, RunState.CANCELLED})


class Order(StrEnum):
    """Which end of the range comes first."""

    OLDEST = "oldest"
    NEWEST = "newest"


class Reprocess(StrEnum):
    """Which fire times run again although they ran: none, those that ended in failure, or all."""

    NONE = "none"
    FAILED = "failed"
    ALL = "all"


class BackfillState(StrEnum):
    """Whether a backfill still begins runs."""

    ACTIVE = "active"
    DONE = "done"
    CANCELLED = "cancelled"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """One row. `cursor` is the next fire time to look at, in the backfill's order, None when all were looked at.

    `fire_times` is how many the range holds, `looked_at` how many the cursor has passed; the timetable is the one at
    the time of asking, so that what a dry run showed is what runs.
    """

    schedule_id: str
    backfill_id: str
    generation: int
    timetable: TimetableSpec
    first: datetime
    last: datetime
    order: Order = Order.OLDEST
    max_concurrent: int = 1
    reprocess: Reprocess = Reprocess.NONE
    created_by: str
    created_at: datetime
    fire_times: int
    cursor: datetime | None
    looked_at: int = 0
    open: tuple[str, ...] = ()
    succeeded: int = 0
    failed: int = 0
    not_run: int = 0
    state: BackfillState = BackfillState.ACTIVE
    reason: str | None = None
    ended_at: datetime | None = None
    version: int = 1

    @property
    def room(self) -> int:
        """How many more runs may be begun now."""
        return self.max_concurrent - len(self.open) if self.state is BackfillState.ACTIVE else 0

    @property
    def begun(self) -> int:
        """How many runs it has made."""
        return len(self.open) + self.succeeded + self.failed + self.not_run

    def settled(self, states: Mapping[str, RunState]) -> "Backfill":
        """The backfill with the open runs that have ended taken into its counts."""
        ended = [states[key] for key in self.open if key in states and states[key].is_terminal]
        if not ended:
            return self
        still_open = tuple(key for key in self.open if key not in states or not states[key].is_terminal)
        failed = sum(state in LISTED_AS_FAILED for state in ended)
        not_run = sum(state in _DID_NOT_RUN for state in ended)
        return replace(
            self,
            open=still_open,
            failed=self.failed + failed,
            not_run=self.not_run + not_run,
            succeeded=self.succeeded + len(ended) - failed - not_run,
        )

    def finished(self, now: datetime) -> "Backfill":
        """The backfill as done, if nothing is left of it."""
        is_over = self.state is BackfillState.ACTIVE and self.cursor is None and not self.open
        return self.closed(BackfillState.DONE, now) if is_over else self

    def closed(self, state: BackfillState, now: datetime, reason: str | None = None) -> "Backfill":
        """The backfill ended; runs that it began go on by themselves."""
        return replace(self, state=state, reason=reason, ended_at=now)


def run_key_of(backfill: Backfill, fire_at: datetime, states: Mapping[str, RunState]) -> str | None:
    """The key of the run that a fire time gets, None when the policy or an unfinished run says that it gets none.

    `states` holds the fire time's rows by key. One without a row of its own gets that row; others one of the backfill.
    """
    own = to_key(fire_at)
    if not states:
        return own
    again = f"{own}~b{backfill.backfill_id}"
    return again if again not in states and _runs_again(backfill.reprocess, states) else None


def _runs_again(policy: Reprocess, states: Mapping[str, RunState]) -> bool:
    found = set(states.values())
    if any(not state.is_terminal for state in found):
        return False
    ran = found - _DID_NOT_RUN
    if policy is Reprocess.ALL or not ran:
        return True
    return policy is Reprocess.FAILED and ran <= LISTED_AS_FAILED


def by_fire_time(states: Mapping[str, RunState]) -> dict[str, dict[str, RunState]]:
    """The rows of each fire time, without steps, manual runs, and summary rows."""
    found: dict[str, dict[str, RunState]] = {}
    for key, state in states.items():
        if _OF_A_FIRE_TIME.fullmatch(key):
            found.setdefault(key[:16], {})[key] = state
    return found


def first_in_order(backfill: Backfill) -> datetime | None:
    """The fire time that the backfill looks at first, None when its range has none."""
    if backfill.order is Order.OLDEST:
        return next(in_range(backfill.timetable, backfill.first, backfill.last), None)
    return next(iter(newest(backfill.timetable, backfill.first, backfill.last, 1)), None)


def pieces(backfill: Backfill, size: int) -> Iterator[tuple[Sequence[datetime], datetime | None]]:
    """The fire times from the cursor on, in order and in pieces, each with the cursor behind it."""
    cursor = backfill.cursor
    while cursor is not None:
        ahead = next_in_order(
            backfill.timetable,
            cursor,
            backfill.last if backfill.order is Order.OLDEST else backfill.first,
            size + 1,
        )
        cursor = ahead[size] if len(ahead) > size else None
        yield ahead[:size], cursor


def begun(
    backfill: Backfill,
    piece: Sequence[datetime],
    behind: datetime | None,
    states: Mapping[str, RunState],
    exclusions: Exclusions,
) -> Backfill:
    """The backfill after one piece: runs begun while there is room, and the cursor at what was not looked at.

    What a calendar excludes is passed over, as it would have been at its time.
    """
    rows, room = by_fire_time(states), backfill.room
    keys: list[str] = []
    for index, fire_at in enumerate(piece):
        key = run_key_of(backfill, fire_at, rows.get(to_key(fire_at), {}))
        if key is None or exclusions.calendar_of(fire_at) is not None:
            continue
        if len(keys) == room:
            looked_at, behind = index, fire_at
            break
        keys.append(key)
    else:
        looked_at = len(piece)
    return replace(
        backfill, open=(*backfill.open, *keys), cursor=behind, looked_at=backfill.looked_at + looked_at
    )
