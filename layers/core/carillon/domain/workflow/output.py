"""What an attempt put out, measured: small enough to be kept, or refused with what to do instead."""

import json
from dataclasses import replace
from typing import Any, Final

from carillon.domain.outcome import Outcome, permanent

MAX_OUTPUT_BYTES: Final = 32_768
MAX_LIST_BYTES: Final = 131_072


def measured(outcome: Outcome) -> tuple[Outcome, int | None]:
    """The outcome with the size of its output in bytes; an output that is too large makes it a failure."""
    if not outcome.succeeded or outcome.output is None:
        return outcome, None
    size = size_of(outcome.output)
    if size is None:
        return permanent("output_not_json", "the output is not JSON, so no later step could read it"), None
    if size > MAX_OUTPUT_BYTES:
        message = (
            f"the output has {size} bytes; {MAX_OUTPUT_BYTES} are allowed: store it elsewhere and put out a "
            "reference to it"
        )
        return replace(permanent("output_too_large", message), status=outcome.status), None
    return outcome, size


def size_of(value: Any) -> int | None:
    """The bytes of a value as compact JSON, None when it cannot be written so."""
    try:
        return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode())
    except (TypeError, ValueError, RecursionError):
        return None
