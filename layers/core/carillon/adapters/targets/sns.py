"""Calls an sns target: one message to one topic."""

from carillon.adapters.targets.aws import AwsTarget
from carillon.adapters.targets.deadline import Deadline
from carillon.domain.outcome import Outcome, OutcomeKind
from carillon.domain.target_call import TargetCall
from carillon.domain.targets import sns
from carillon.domain.targets.arn import Arn
from carillon.domain.targets.messages import FIFO


class SnsTarget(AwsTarget):
    """A topic; a FIFO topic takes the run id as its deduplication id."""

    kind = sns.KIND
    service = "sns"
    errors = sns.ERRORS

    def _call(self, call: TargetCall, arn: Arn, deadline: Deadline) -> Outcome:
        is_fifo = arn.resource.endswith(FIFO)
        request = sns.sns_request(call)
        answer = self._send("publish", request, arn.region, deadline, is_repeatable=is_fifo)
        if isinstance(answer, Outcome):
            return answer
        output = {"message_id": answer.get("MessageId")}
        return Outcome(
            OutcomeKind.SUCCESS, f"The topic took the message {output['message_id']}.", output=output
        )
