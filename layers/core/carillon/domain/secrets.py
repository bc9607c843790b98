"""The secrets of a job: what is stored of one, what it is bound to, and how its value is kept from being shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from carillon.domain.seal import Context

PURPOSE: Final = "secret"


class Secret(str):
    """A secret's value: usable as the text that it is, and never shown by `repr`, as tracebacks and logs do."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """A secret as a revision holds it: sealed for the origins that it was given for, or cleared (`sealed` is None).

    `changed_at_ms` is when its value was given or taken; it is part of the seal, so that no older value fits.
    """

    sealed: bytes | None
    changed_at_ms: int
    origins: tuple[str, ...] = ()

    @property
    def is_set(self) -> bool:
        """Whether it has a value."""
        return self.sealed is not None

    def stays_for(self, origins: frozenset[str]) -> bool:
        """Whether it may go on, now that its job sends it to these."""
        return not self.is_set or origins <= frozenset(self.origins)

    def __repr__(self) -> str:
        return f"StoredSecret(is_set={self.is_set}, origins={self.origins})"


Secrets = Mapping[str, StoredSecret]


def context_of(schedule_id: str, generation: int, name: str, secret: StoredSecret) -> Context:
    """What the seal of a secret is bound to."""
    return {
        "purpose": PURPOSE,
        "schedule": schedule_id,
        "generation": str(generation),
        "field": name,
        "origins": " ".join(secret.origins),
        "changed_at": str(secret.changed_at_ms),
    }
