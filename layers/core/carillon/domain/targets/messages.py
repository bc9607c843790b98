"""What messages of SQS and SNS carry beside their body: the run in attributes, and the key that does a thing once."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Final

from carillon.domain.errors import FieldError
from carillon.domain.moments import to_rfc3339
from carillon.domain.target_call import TargetCall
from carillon.domain.targets.aws_spec import check_json, check_pairs, check_text
from carillon.domain.targets.kind import Spec
from carillon.domain.trace import TRACEPARENT

FIFO: Final = ".fifo"
MAX_ATTRIBUTES: Final = 10
"""Of a message of SQS; SNS drops a message with more on its way into a queue that wants it raw."""

OWN_PREFIX: Final = "carillon-"
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KEY: Final = re.compile(r"[!-~]{1,128}")


def check_message(spec: Spec, service: str, place: str) -> Iterator[FieldError]:
    """What both services ask of a message; `place` is what it is sent to, a queue or a topic."""
    yield from check_json(spec, "message")
    yield from check_pairs(spec, "attributes", 5)
    yield from check_attributes(spec)
    yield from check_text(spec, "group", 128)
    if spec.get("group") is not None and not is_fifo(spec):
        yield FieldError("group", f"Only a FIFO {place}, whose name ends in .fifo, has groups.")
    if spec.get("message") == "":
        yield FieldError(
            "message", f"{service} takes no empty message; leave it out to send the run's facts."
        )


def is_fifo(spec: Spec) -> bool:
    """Whether it keeps an order, which its name tells."""
    return str(spec.get("arn")).endswith(FIFO)


def in_order(call: TargetCall) -> dict[str, str]:
    """The group of a message and what makes it count once, where the order is kept."""
    if not is_fifo(call.spec):
        return {}
    group = call.spec.get("group") or call.schedule_id
    return {"MessageGroupId": group, "MessageDeduplicationId": once_key(call.run_id)}


def check_attributes(spec: Spec) -> Iterator[FieldError]:
    """Whether the attributes can be sent as they are named."""
    attributes = spec.get("attributes")
    for name, value in attributes.items() if isinstance(attributes, Mapping) else ():
        if not _NAME.fullmatch(name) or name.lower().startswith((OWN_PREFIX, "aws", "amazon")):
            where = f"attributes.{ascii(name[:64])[1:-1]}"
            yield FieldError(
                where,
                "A name takes letters, digits, - and _; those that begin with carillon- or aws are taken.",
            )
        if value == "":
            yield FieldError("attributes", "An attribute needs a value.")


def attributes_of(call: TargetCall) -> dict[str, dict[str, str]]:
    """The schedule's attributes and the run's, and the trace's where there is room."""
    own: Mapping[str, str] = call.spec.get("attributes") or {}
    texts = {
        **own,
        "carillon-run-id": call.run_id,
        "carillon-attempt": str(call.attempt),
        "carillon-fire-time": to_rfc3339(call.fire_at),
    }
    if call.callback_token is not None:
        texts["carillon-callback-token"] = call.callback_token
    if call.callback_url is not None:
        texts["carillon-callback-url"] = call.callback_url
    for name, text in call.trace_context.items():
        if len(texts) < MAX_ATTRIBUTES and TRACEPARENT not in own:
            texts.setdefault(name, text)
    return {name: {"DataType": "String", "StringValue": text} for name, text in texts.items()}


def once_key(run_id: str) -> str:
    """The run id as a deduplication id: itself where it fits, else its hash."""
    return run_id if _KEY.fullmatch(run_id) else hashlib.sha256(run_id.encode()).hexdigest()
