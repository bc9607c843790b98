"""What a run's row holds of the trace it was given, as one text: trace id, parent, flags, tracestate."""

import re
from typing import Final

from carillon.adapters.dynamo.wire import Row, Value, text
from carillon.domain.trace import Trace

_TRACE: Final = re.compile(r"([0-9a-f]{32})(?:-([0-9a-f]{16}))?-([0-9a-f]{2})(?: (.+))?")


def trace_value(trace: Trace) -> Value:
    """The value, 35 or 52 bytes and the tracestate."""
    parent = f"-{trace.parent_id}" if trace.parent_id else ""
    state = f" {trace.state}" if trace.state else ""
    return text(f"{trace.trace_id}{parent}-{int(trace.is_sampled):02x}{state}")


def read_trace_value(row: Row) -> Trace | None:
    """The trace that a row was given; MalformedRow."""
    found = row.maybe_text("trace")
    if found is None:
        return None
    match = _TRACE.fullmatch(found)
    if match is None:
        raise row.fault("trace", "is not a trace")
    return Trace(match[1], bool(int(match[3], 16) & 1), match[4] or "", match[2])
