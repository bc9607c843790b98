"""What a run by hand is given, read from the body of its trigger."""

from typing import Any, Final

from carillon.domain.reading import Faults, Section

MAX_PAYLOAD_BYTES: Final = 32_768


def read_payload(document: Any) -> Any:
    """The payload, None for none; InvalidInput."""
    faults = Faults()
    body = Section({} if document is None else document, "", faults, ("payload",))
    payload = body.value("payload", MAX_PAYLOAD_BYTES)
    faults.raise_any("The trigger is not valid.")
    return payload
