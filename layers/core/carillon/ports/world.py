"""The time, chance and the log, as every service asks for them."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol, TypeVar

Given = TypeVar("Given")
Item = TypeVar("Item")


class Clock(Protocol):
    """The time, and waiting for it."""

    def now(self) -> datetime:
        """The current moment, UTC."""

    def sleep(self, seconds: float) -> None:
        """Waits; returns at once for zero or less."""


class Chance(Protocol):
    """Randomness: unguessable ids, and shares for jitter."""

    def token(self) -> str:
        """A fresh unguessable id of 128 bits, lower-case letters and digits."""

    def share(self) -> float:
        """A uniform number in [0, 1)."""


class Concurrently(Protocol):
    """How independent pieces of work are carried out: `map` itself, or a thread pool's."""

    def __call__(self, work: Callable[[Given], Item], pieces: Iterable[Given], /) -> Iterable[Item]:
        """The results in the order of the pieces; an error of one surfaces when its result is taken."""


class Log(Protocol):
    """The structured log: a sentence for people, an action name and fields for machines; never a secret."""

    def __call__(self, action: str, message: str, **fields: object) -> None:
        """Writes one line."""
