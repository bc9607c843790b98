"""What a run by hand is given, read from the body of its trigger."""

import json
from typing import Any, Final

from carillon.domain.reading import Faults, Section

MAX_PAYLOAD_BYTES: Final = 32_768


def read_payload(document: Any) -> Any:
    """The payload, None for none; InvalidInput."""
    faults = Faults()
    body = Section({} if document is None else document, "", faults, ("payload",))
    payload = body.get("payload")
    size = len(json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode(errors="replace"))
    if size > MAX_PAYLOAD_BYTES:
        body.fault(
            "payload",
            f"The payload is {size} bytes; {MAX_PAYLOAD_BYTES} are allowed. Store the data and send a reference to it.",
        )
    faults.raise_any("The trigger is not valid.")
    return payload
