"""What a run's row holds of the trace it was given, as one text: trace id, flags, and a tracestate if there is one."""

import re
from typing import Final

from carillon.adapters.dynamo.wire import Row, Value, text
from carillon.domain.trace import Trace

_TRACE: Final = re.compile(r"([0-9a-f]{32})-([0-9a-f]{2})(?: (.+))?")


def trace_value(trace: Trace) -> Value:
    """The value, 35 bytes and the tracestate."""
    state = f" {trace.state}" if trace.state else ""
    return text(f"{trace.trace_id}-{int(trace.is_sampled):02x}{state}")


def read_trace_value(row: Row) -> Trace | None:
    """The trace that a row was given; MalformedRow."""
    found = row.maybe_text("trace")
    if found is None:
        return None
    match = _TRACE.fullmatch(found)
    if match is None:
        raise row.fault("trace", "is not a trace")
    return Trace(match[1], bool(int(match[2], 16) & 1), match[3] or "")
