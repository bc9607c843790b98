"""Calls an sqs target: one message into one queue."""

from carillon.adapters.targets.aws import AwsTarget
from carillon.adapters.targets.deadline import Deadline
from carillon.domain.outcome import Outcome, OutcomeKind
from carillon.domain.target_call import TargetCall
from carillon.domain.targets import sqs
from carillon.domain.targets.arn import Arn
from carillon.domain.targets.messages import FIFO


class SqsTarget(AwsTarget):
    """A queue; a FIFO queue takes the run id as its deduplication id."""

    kind = sqs.KIND
    service = "sqs"
    errors = sqs.ERRORS

    def _call(self, call: TargetCall, arn: Arn, deadline: Deadline) -> Outcome:
        host = self._clients(self.service, arn.region).meta.endpoint_url
        request = sqs.sqs_request(call, f"{host}/{arn.account}/{arn.resource}")
        is_fifo = arn.resource.endswith(FIFO)
        answer = self._send("send_message", request, arn.region, deadline, is_repeatable=is_fifo)
        if isinstance(answer, Outcome):
            return answer
        output = {"message_id": answer.get("MessageId")}
        return Outcome(
            OutcomeKind.SUCCESS, f"The queue took the message {output['message_id']}.", output=output
        )
