"""What remembering short-lived facts needs from the world, as Protocols with their contracts; see ports.py."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


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
