"""What is called, and followed to its end."""

from typing import Protocol

from carillon.domain.outcome import Outcome
from carillon.domain.target_call import TargetCall


class Target(Protocol):
    """One kind of target."""

    def execute(self, call: TargetCall) -> Outcome:
        """Calls the target once, within call.deadline_at; expected failures are outcomes, not errors."""


class FollowedTarget(Protocol):
    """A kind of target whose work goes on after the call; the outcome of its start has a `remote_id`."""

    def execute(self, call: TargetCall) -> Outcome:
        """Starts the work once."""

    def ask(self, remote_id: str) -> Outcome | None:
        """How the work ended, None while it goes on; Unavailable when nobody could be asked."""

    def stop(self, remote_id: str, why: str) -> None:
        """Stops the work where the service can; what has ended stays as it is. Unavailable."""
