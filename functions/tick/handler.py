"""The tick: EventBridge Scheduler → claim and send what is due, look after stragglers."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Protocol

from carillon.domain.trace import begin_trace
from carillon.log import traced
from carillon.ports.world import Log
from carillon.services.spread import SpreadTick
from carillon.wiring.tick import wire_tick


class Context(Protocol):
    """What Lambda tells about the invocation."""

    aws_request_id: str


def handle(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Lambda's door. An error is raised, not swallowed: the next minute's tick is the retry."""
    with traced(begin_trace(context.aws_request_id).trace_id):
        return respond(event, *wire_tick())


def respond(event: Mapping[str, Any], tick: SpreadTick, log: Log) -> dict[str, Any]:
    """Runs one tick; the event of a self-invocation carries its own range as `shards: [first, end]`."""
    report = asdict(tick.run(event.get("shards")))
    log("ticked", "The tick is done.", **report)
    return report
