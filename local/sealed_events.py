"""Event files hold dispatch messages in clear, as they stand inside their seal; here they are sealed for one stack.

Each stack has keys of its own, so no file could hold a sealed message that opens: the body is sealed when the event is
invoked, as a sender of that stack seals it. What is no dispatch message stays as it is: poison must stay poison.
"""

import json
from collections.abc import Mapping
from typing import Any

from carillon.adapters.clock import SystemClock
from carillon.adapters.seals import Seals
from carillon.domain.dispatch import Dispatch
from carillon.domain.errors import MalformedMessage
from carillon.ports.sealing import MessageSealer

SENDER = "tick"
SESSION_SECONDS = 3600


def sealing_for(kms: Any, stack: str, outputs: Mapping[str, str]) -> MessageSealer:
    """What seals messages as the stack's tick does; `outputs` are those of the stack."""
    return Seals(
        lambda: kms,
        [outputs["DataKeyArn"]],
        outputs["RootKeyArn"],
        role=SENDER,
        environment=stack,
        session_seconds=SESSION_SECONDS,
        clock=SystemClock(),
    ).signing_messages()


def sealed_event(payload: bytes, messages: MessageSealer) -> bytes:
    """The event with every dispatch message in clear sealed; any other event as it is."""
    event = json.loads(payload)
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list) or not any("body" in record for record in records):
        return payload
    sealed = [{**record, "body": _sealed(record["body"], messages)} for record in records]
    return json.dumps({**event, "Records": sealed}).encode()


def _sealed(body: str, messages: MessageSealer) -> str:
    try:
        return messages.seal([Dispatch.decode(body)])[0]
    except MalformedMessage:
        return body
