"""The tick: EventBridge Scheduler → claim and send what is due, look after stragglers."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from carillon.ports.world import Log
from carillon.services.spread import SpreadTick
from carillon.wiring.tick import wire_tick


def handle(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Lambda's door. An error is raised, not swallowed: the next minute's tick is the retry."""
    return respond(event, *wire_tick())


def respond(event: Mapping[str, Any], tick: SpreadTick, log: Log) -> dict[str, Any]:
    """Runs one tick; the event of a self-invocation carries its own range as `shards: [first, end]`."""
    report = asdict(tick.run(event.get("shards")))
    log("ticked", "The tick is done.", **report)
    return report
