"""Opens the secrets of one attempt right before its call; only the worker holds the right to."""

from carillon.domain.errors import SealError, SecretMissing
from carillon.domain.job import Job
from carillon.domain.run import Run
from carillon.domain.secret_uses import names_placed, origins_of
from carillon.domain.secrets import Secret, Secrets, StoredSecret, context_of
from carillon.ports.sealing import Opener


class OpenSecrets:
    """The values that one task names, for the target that they were given for."""

    def __init__(self, opener: Opener) -> None:
        self._opener = opener

    def __call__(self, run: Run, task: Job, stored: Secrets) -> dict[str, Secret]:
        """The values by name; SecretMissing, SealError, and Unavailable without KMS."""
        return {name: self._open(run, task, name, stored.get(name)) for name in names_placed(task.target)}

    def _open(self, run: Run, task: Job, name: str, secret: StoredSecret | None) -> Secret:
        if secret is None or secret.sealed is None:
            raise SecretMissing(f"The secret {name} is not set; give it in job.secrets.")
        if not origins_of(task) <= frozenset(secret.origins):
            raise SealError(f"The secret {name} was not given for this target.")
        context = context_of(run.run_id.schedule_id, run.generation, name, secret)
        try:
            return Secret(self._opener.open(secret.sealed, context).decode())
        except UnicodeDecodeError:
            raise SealError(f"The secret {name} is no text.") from None
