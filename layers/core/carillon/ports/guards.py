"""The Guards table: small facts with an expiry, counts of failures, and the slots of schedules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from carillon.domain.overlap import Slot


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that is remembered until a moment; `stamp` is fresh with every write, so that versions can be told."""

    value: Mapping[str, Any]
    until: datetime
    stamp: str


class Facts(Protocol):
    """Short-lived facts in the Guards table: nonces, windows, codes that were used, confirmations, idempotency keys."""

    def read(self, key: str, now: datetime) -> Fact | None:
        """The fact as of now (consistent), None when there is none or it is over."""

    def read_many(self, keys: Sequence[str], now: datetime) -> Mapping[str, Fact]:
        """Up to 100 facts as of now (consistent); those that are not there or over are left out."""

    def swap(self, key: str, before: Fact | None, after: Fact, now: datetime) -> bool:
        """Writes `after` if the fact still is `before` (None: there is none, or it is over); whether it was written.

        A repeat of this very write, whose answer was lost, finds its own stamp: written.
        """


class Guards(Protocol):
    """Counts of failures within a window, whose end is part of every condition."""

    def record_failure(self, key: str, now: datetime, window_seconds: int) -> int:
        """Adds one failure; answers how many the window holds now."""

    def take_back_failure(self, key: str, now: datetime) -> None:
        """Takes one failure out of the window again, if it is still open."""


class SlotStore(Protocol):
    """The overlap slots of schedules, in the Guards table."""

    def read(self, schedule_id: str) -> Slot:
        """The slot as of now (consistent), empty when nobody has it."""

    def swap(self, schedule_id: str, before: Slot, after: Slot, now: datetime) -> Slot | None:
        """Writes `after` if the slot still is `before`: None when written, else the slot as found.

        A repeat of this very write finds `after`.
        """
