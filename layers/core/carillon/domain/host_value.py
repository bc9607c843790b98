"""What is known of a host as a JSON value and back; a value that cannot be read is a host nobody knows."""

from collections.abc import Mapping
from typing import Any

from carillon.domain.host_gate import Host
from carillon.domain.moments import from_ms, to_ms


def host_value(host: Host) -> dict[str, Any]:
    """The value; what says nothing is left out."""
    value = {
        "failures": host.failures,
        "pauses": host.pauses,
        "open_until": host.open_until and to_ms(host.open_until),
        "probe_until": host.probe_until and to_ms(host.probe_until),
        "busy": {call: to_ms(end) for call, end in host.busy.items()},
        "begun": {str(slot): count for slot, count in host.begun.items()},
    }
    return {name: each for name, each in value.items() if each}


def read_host(value: Mapping[str, Any]) -> Host:
    """The host."""
    moments = {name: value.get(name) for name in ("open_until", "probe_until")}
    try:
        return Host(
            failures=int(value.get("failures", 0)),
            pauses=int(value.get("pauses", 0)),
            busy={str(call): from_ms(end) for call, end in value.get("busy", {}).items()},
            begun={int(slot): int(count) for slot, count in value.get("begun", {}).items()},
            **{name: None if each is None else from_ms(each) for name, each in moments.items()},
        )
    except (TypeError, ValueError, AttributeError, OverflowError):
        return Host()
