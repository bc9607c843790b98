"""The sqs target: a queue and the message that is put into it, with the run told in its attributes."""

from collections.abc import Mapping
from typing import Any, Final

from carillon.domain.errors import FieldError
from carillon.domain.target_call import TargetCall
from carillon.domain.targets.aws_answers import NOT_FOUND, REFUSED, THROTTLED, Meaning
from carillon.domain.targets.aws_spec import (
    check_arn,
    check_fields,
    input_of,
    own_id,
)
from carillon.domain.targets.kind import Reach, Spec, TargetKind
from carillon.domain.targets.messages import attributes_of, check_message, in_order, is_fifo

ERRORS: Final[Mapping[str, Meaning]] = {
    "NonExistentQueue": NOT_FOUND,
    "QueueDoesNotExist": NOT_FOUND,
    "InvalidMessageContents": REFUSED,
    "OverLimit": THROTTLED,
}
MAX_DELAY_SECONDS: Final = 900
_EXAMPLE: Final = "arn:aws:sqs:eu-central-1:123456789012:orders"


def check_sqs(spec: Spec, reach: Reach) -> tuple[FieldError, ...]:
    """Every fault of the specification."""
    faults = [
        *check_fields(spec, ("arn", "message", "attributes", "group", "delay_seconds")),
        *check_arn(spec, "arn", "sqs", "", reach.aws, example=_EXAMPLE),
        *check_message(spec, "SQS", "queue"),
    ]
    delay = spec.get("delay_seconds", 0)
    if not isinstance(delay, int) or isinstance(delay, bool) or not 0 <= delay <= MAX_DELAY_SECONDS:
        faults.append(
            FieldError("delay_seconds", f"This must be a whole number from 0 to {MAX_DELAY_SECONDS}.")
        )
    elif delay and is_fifo(spec):
        faults.append(FieldError("delay_seconds", "A FIFO queue takes no delay of a single message."))
    return tuple(faults)


KIND: Final = TargetKind(check_sqs, own_id)


def sqs_request(call: TargetCall, url: str) -> dict[str, Any]:
    """The arguments of SendMessage."""
    spec = call.spec
    request: dict[str, Any] = {
        "QueueUrl": url,
        "MessageBody": input_of(call, "message"),
        "MessageAttributes": attributes_of(call),
    }
    if spec.get("delay_seconds"):
        request["DelaySeconds"] = spec["delay_seconds"]
    return request | in_order(call)
