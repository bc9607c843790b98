"""Seals the secrets that an author gives, and carries over those that an edit does not name.

The api can seal and not open: a secret that would go to another target than it was given for is cleared instead.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from carillon.domain.definition import Definition
from carillon.domain.errors import FieldError, InvalidInput
from carillon.domain.moments import to_ms
from carillon.domain.schedule import Schedule
from carillon.domain.secret_uses import check_uses, uses_of
from carillon.domain.secrets import Secret, Secrets, StoredSecret, context_of
from carillon.ports.sealing import Sealer


class KeepSecrets:
    """The secrets of a revision that is about to be written."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def __call__(self, definition: Definition, head: Schedule, before: Secrets, now: datetime) -> Secrets:
        """All secrets of the job; InvalidInput where one is named that there is not, Unavailable without KMS."""
        given = definition.secrets
        carried = {name: secret for name, secret in before.items() if name not in given.removed}
        known = frozenset(carried) | frozenset(given.values)
        faults = [*check_uses(definition.job, known), *_not_there(given.kept - known)]
        if faults:
            raise InvalidInput("The schedule is not valid.", faults)
        uses, changed_at_ms = uses_of(definition.job), to_ms(now)
        kept = {
            name: _for_its_targets(secret, uses.get(name, frozenset()), changed_at_ms)
            for name, secret in carried.items()
        }
        return {**kept, **self._sealed(given.values, uses, head, changed_at_ms)}

    def _sealed(
        self,
        values: Mapping[str, Secret],
        uses: Mapping[str, frozenset[str]],
        head: Schedule,
        changed_at_ms: int,
    ) -> Secrets:
        sealed = {}
        for name, value in values.items():
            origins = tuple(sorted(uses.get(name, frozenset())))
            secret = StoredSecret(None, changed_at_ms, origins)
            context = context_of(head.schedule_id, head.generation, name, secret)
            sealed[name] = replace(secret, sealed=self._sealer.seal(value.encode(), context))
        return sealed


def _for_its_targets(secret: StoredSecret, origins: frozenset[str], changed_at_ms: int) -> StoredSecret:
    """The secret as it is, or cleared when it would reach what it was not given for."""
    return secret if secret.stays_for(origins) else StoredSecret(None, changed_at_ms)


def _not_there(names: frozenset[str]) -> list[FieldError]:
    return [
        FieldError(f"job.secrets.{name}", "There is no such secret to keep; give it as a text.")
        for name in sorted(names)
    ]
