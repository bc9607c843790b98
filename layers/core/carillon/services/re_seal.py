"""Seals everything anew under the key that seals now: after a stack was given another one, before the old one goes.

It may be stopped and begun again at any time, and runs beside everything else: a value is replaced only if it is still
the one that was opened, and what is under the new key already is left as it is.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from carillon.domain.errors import SealError
from carillon.ports.sealing import Resealer, SealedRows, SealedValue
from carillon.ports.world import Clock, Log

BUDGET: Final = timedelta(seconds=200)
"""How long one invocation works; the operator function's own timeout is longer."""

TOLD_EVERY: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReSealed:
    """How far it came: `following` is where the next invocation goes on, None when all is done."""

    anew: int
    already: int
    moved_on: int
    unreadable: int
    following: Mapping[str, Any] | None

    def document(self) -> dict[str, Any]:
        """The command's answer."""
        return {
            "done": self.following is None,
            "sealed_anew": self.anew,
            "sealed_already": self.already,
            "changed_meanwhile": self.moved_on,
            "unreadable": self.unreadable,
            "next": self.following,
        }


class ReSeal:
    """Walks the tables page by page."""

    def __init__(self, rows: SealedRows, keyring: Resealer, clock: Clock, log: Log) -> None:
        self._rows = rows
        self._keyring = keyring
        self._clock = clock
        self._log = log

    def __call__(self, start: Mapping[str, Any] | None = None) -> ReSealed:
        """Works for BUDGET at most; Unavailable and Throttled leave everything as it is, and can be repeated."""
        began_at, count, following = self._clock.now(), Counter[str](), start
        ends_at, tell_at = began_at + BUDGET, began_at + TOLD_EVERY
        while True:
            page = self._rows.page(following)
            count.update(self._renew(value) for value in page.values)
            following = page.following
            now = self._clock.now()
            if following is None or now >= ends_at:
                break
            if now >= tell_at:
                tell_at = now + TOLD_EVERY
                self._log(
                    "re_seal_goes_on",
                    f"{count.total()} values so far.",
                    **count,
                    place=str(following.get("table", "")),
                )
        return ReSealed(
            anew=count["anew"],
            already=count["already"],
            moved_on=count["moved_on"],
            unreadable=count["unreadable"],
            following=following,
        )

    def _renew(self, value: SealedValue) -> str:
        try:
            sealed = self._keyring.renewed(value.sealed, value.context)
        except SealError as error:
            self._log(
                "sealed_value_unreadable", str(error), key=str(dict(value.key)), path=".".join(value.path)
            )
            return "unreadable"
        if sealed is None:
            return "already"
        return "anew" if self._rows.replace(value, sealed) else "moved_on"
