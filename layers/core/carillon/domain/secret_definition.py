"""`job.secrets` of the schedule document: what is given, taken away or left as it is, and what is shown of it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from carillon.domain.job import Job
from carillon.domain.moments import from_ms, to_rfc3339
from carillon.domain.reading import Faults
from carillon.domain.secret_uses import NAME, uses_of
from carillon.domain.secrets import Secret, Secrets

MAX_SECRETS: Final = 32
SHORTEST: Final = 4
"""A shorter one could not be masked without masking half of what is shown."""

LONGEST: Final = 8192
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
CLEARED: Final = "cleared, because it would have gone to another target; give it again"


@dataclass(frozen=True, slots=True)
class GivenSecrets:
    """What a document says of secrets: new values, names that go, names that stay."""

    values: Mapping[str, Secret]
    removed: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()


NONE_GIVEN: Final = GivenSecrets({})


def read_secrets(job: Any, faults: Faults) -> GivenSecrets:
    """The secrets of a document's job; faults are noted, and never show a value."""
    given = job.get("secrets") if isinstance(job, Mapping) else None
    if given is None:
        return NONE_GIVEN
    if not isinstance(given, Mapping) or len(given) > MAX_SECRETS:
        faults.note("job.secrets", f"Give a JSON object of at most {MAX_SECRETS} names and texts.")
        return NONE_GIVEN
    for name, value in given.items():
        fault = _fault(name, value)
        if fault is not None:
            faults.note(f"job.secrets.{ascii(name[:64])[1:-1]}", fault)
    values = {name: Secret(value) for name, value in given.items() if isinstance(value, str)}
    removed = frozenset(name for name, value in given.items() if value is None)
    kept = frozenset(name for name, value in given.items() if _is_shown(value))
    return GivenSecrets(values, removed, kept)


def _fault(name: str, value: Any) -> str | None:
    if not NAME.fullmatch(name):
        return "A secret's name has letters, digits and _, at most 64, and begins with no digit."
    if isinstance(value, str):
        fits = SHORTEST <= len(value) <= LONGEST and not _SURROGATES.search(value)
        return None if fits else f"A secret has {SHORTEST} to {LONGEST} Unicode characters."
    if value is None or _is_shown(value):
        return None
    return "Give the secret as a text, or null to take it away."


def _is_shown(value: Any) -> bool:
    """Whether this is what an answer shows in place of a value, sent back."""
    return isinstance(value, Mapping) and isinstance(value.get("set"), bool)


def secrets_document(secrets: Secrets) -> dict[str, dict[str, Any]]:
    """What is shown of secrets: that they are set, and since when."""
    return {
        name: {"set": secret.is_set, "changed_at": to_rfc3339(from_ms(secret.changed_at_ms))}
        | ({} if secret.is_set else {"reason": CLEARED})
        for name, secret in secrets.items()
    }


def secret_changes(job: Job, given: GivenSecrets, stored: Secrets) -> Iterator[str]:
    """What becomes of each secret by an edit, in words without any value."""
    uses = uses_of(job)
    for name in sorted(given.values):
        yield f"job.secrets.{name} to a new value"
    for name, secret in sorted(stored.items()):
        if name in given.removed:
            yield f"job.secrets.{name} is taken away"
        elif name not in given.values and not secret.stays_for(uses.get(name, frozenset())):
            yield f"job.secrets.{name} is cleared, because it would go to another target"
