"""What the targets of AWS share: each checks its specification again, calls once and reads the answer."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from carillon.adapters.targets.aws_call import Answer, AwsClients, send, utc_now
from carillon.adapters.targets.deadline import Deadline
from carillon.domain.errors import FieldError
from carillon.domain.outcome import Outcome
from carillon.domain.target_call import TargetCall
from carillon.domain.targets.arn import Arn
from carillon.domain.targets.aws_answers import Meaning, invalid
from carillon.domain.targets.aws_spec import arn_of
from carillon.domain.targets.kind import Reach, TargetKind


class AwsTarget:
    """What they share; safe to use from several threads."""

    kind: ClassVar[TargetKind]
    service: ClassVar[str]
    errors: ClassVar[Mapping[str, Meaning]]

    def __init__(
        self,
        reach: Reach,
        stack: str,
        clients: AwsClients | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._reach = reach
        self._stack = stack
        self._clients = clients or AwsClients()
        self._now = now

    def check(self, spec: Mapping[str, Any]) -> tuple[FieldError, ...]:
        """Every fault of the specification."""
        return self.kind.check(spec, self._reach)

    def execute(self, call: TargetCall) -> Outcome:
        """Checks, calls once, reads the answer."""
        faults = self.check(call.spec)
        if faults:
            return invalid(faults[0].field, faults[0].message)
        return self._call(call, arn_of(call.spec), self._deadline(call))

    def _call(self, call: TargetCall, arn: Arn, deadline: Deadline) -> Outcome:
        raise NotImplementedError

    def _deadline(self, call: TargetCall) -> Deadline:
        return Deadline.within((call.deadline_at - self._now()).total_seconds())

    def _send(
        self, operation: str, request: Mapping[str, Any], region: str, deadline: Deadline, **how: Any
    ) -> Answer | Outcome:
        client = self._clients(self.service, region)
        return send(getattr(client, operation), request, self.errors, deadline, **how)
