"""The port of every kind of target: judge a specification when it is saved, execute it when it is due."""

from collections.abc import Mapping
from typing import Any, Protocol

from carillon.domain.errors import FieldError
from carillon.domain.outcome import Outcome
from carillon.domain.target_call import TargetCall


class Target(Protocol):
    """A kind of thing that a run can start."""

    def check(self, spec: Mapping[str, Any]) -> tuple[FieldError, ...]:
        """What is wrong with the specification; empty when it can be saved. Does no I/O.

        Fields are named relative to the specification: `url`, `headers.X-Team`.
        """
        ...

    def execute(self, call: TargetCall) -> Outcome:
        """Calls the target once and says how that ended, at the latest when the deadline has passed.

        Never raises for a failure of the target or of the way to it. Safe to call from several threads.
        """
        ...
