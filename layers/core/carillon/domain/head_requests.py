"""The bodies of what people ask of a schedule: pause (until), resume (catching up or not), skip the next N."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from carillon.domain.reading import Faults, Section

MAX_SKIP: Final = 1000


def read_pause(document: Any) -> datetime | None:
    """When the pause ends by itself, None when it does not; InvalidInput."""
    body = _body(document, "until")
    until = body.moment("until")
    body.faults.raise_any("The pause is not valid.")
    return until


def read_resume(document: Any) -> bool:
    """Whether to catch up on what fell into the pause; InvalidInput."""
    body = _body(document, "catch_up")
    catch_up = body.flag("catch_up")
    body.faults.raise_any("The resumption is not valid.")
    return catch_up


def read_skip(document: Any) -> int:
    """How many of the next fire times to skip, 0 to skip none after all; InvalidInput."""
    body = _body(document, "count")
    if body.get("count") is None:
        body.fault("count", "Say how many of the next fire times to skip; 0 takes it back.")
    count = body.whole("count", 0, 0, MAX_SKIP)
    body.faults.raise_any("The number of fire times to skip is not valid.")
    return count


def _body(document: Any, *known: str) -> Section:
    nothing: Mapping[str, Any] = {}
    return Section(nothing if document is None else document, "", Faults(), known)
