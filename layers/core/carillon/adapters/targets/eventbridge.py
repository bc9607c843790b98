"""Calls an eventbridge target: one event on one bus."""

from carillon.adapters.targets.aws import AwsTarget
from carillon.adapters.targets.deadline import Deadline
from carillon.domain.outcome import Outcome
from carillon.domain.target_call import TargetCall
from carillon.domain.targets import eventbridge
from carillon.domain.targets.arn import Arn


class EventBridgeTarget(AwsTarget):
    """A bus; PutEvents takes no idempotency key, so the run id stands in the event's detail."""

    kind = eventbridge.KIND
    service = "events"
    errors = eventbridge.ERRORS

    def _call(self, call: TargetCall, arn: Arn, deadline: Deadline) -> Outcome:
        request = {"Entries": [eventbridge.event_entry(call)]}
        answer = self._send("put_events", request, arn.region, deadline)
        return answer if isinstance(answer, Outcome) else eventbridge.read_entries(answer)
