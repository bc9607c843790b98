"""The sns target: a topic and what is published to it, as mail, text or JSON."""

from collections.abc import Mapping
from typing import Any, Final

from carillon.domain.errors import FieldError
from carillon.domain.target_call import TargetCall
from carillon.domain.targets.aws_answers import NOT_FOUND, REFUSED, Meaning
from carillon.domain.targets.aws_spec import (
    check_arn,
    check_fields,
    check_text,
    input_of,
    own_id,
)
from carillon.domain.targets.kind import Reach, Spec, TargetKind
from carillon.domain.targets.messages import attributes_of, check_message, in_order

ERRORS: Final[Mapping[str, Meaning]] = {
    "NotFoundException": NOT_FOUND,
    "InvalidParameter": REFUSED,
    "EndpointDisabled": REFUSED,
}
LONGEST_SUBJECT: Final = 99
_EXAMPLE: Final = "arn:aws:sns:eu-central-1:123456789012:reports"


def check_sns(spec: Spec, reach: Reach) -> tuple[FieldError, ...]:
    """Every fault of the specification."""
    faults = [
        *check_fields(spec, ("arn", "subject", "message", "attributes", "group")),
        *check_arn(spec, "arn", "sns", "", reach.aws, example=_EXAMPLE),
        *check_message(spec, "SNS", "topic"),
        *check_text(spec, "subject", LONGEST_SUBJECT),
    ]
    subject = spec.get("subject")
    if isinstance(subject, str) and not (subject.isascii() and subject[:1].isalnum()):
        faults.append(FieldError("subject", "A subject is plain ASCII and begins with a letter or digit."))
    return tuple(faults)


KIND: Final = TargetKind(check_sns, own_id)


def sns_request(call: TargetCall) -> dict[str, Any]:
    """The arguments of Publish."""
    spec = call.spec
    request: dict[str, Any] = {
        "TopicArn": spec["arn"],
        "Message": input_of(call, "message"),
        "MessageAttributes": attributes_of(call),
    }
    if spec.get("subject"):
        request["Subject"] = spec["subject"]
    return request | in_order(call)
