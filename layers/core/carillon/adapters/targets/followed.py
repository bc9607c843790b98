"""Asking and stopping work that goes on elsewhere: an answer, or an error when nobody could be asked."""

from collections.abc import Mapping
from typing import Any, Final

from carillon.adapters.targets.aws import AwsTarget
from carillon.adapters.targets.aws_call import Answer
from carillon.adapters.targets.deadline import Deadline
from carillon.domain.errors import Unavailable
from carillon.domain.outcome import Outcome

ASK_SECONDS: Final = 10.0
GONE: Final = "result_lost"


class FollowedTarget(AwsTarget):
    """An AWS target whose work can be asked about."""

    def _ask(self, operation: str, request: Mapping[str, Any], region: str) -> Answer | Outcome:
        """The answer, or the outcome of work that the service no longer knows; Unavailable."""
        answer = self._send(operation, request, region, Deadline.within(ASK_SECONDS), is_repeatable=True)
        if isinstance(answer, Outcome) and answer.error != GONE:
            raise Unavailable(f"{self.service} could not be asked: {answer.message}")
        return answer
