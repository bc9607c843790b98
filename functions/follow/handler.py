"""The Runs stream, within a second: each run that ended → what must follow its end."""

from collections.abc import Mapping
from typing import Any

from carillon.adapters.dynamo.stream import change_from
from carillon.ports import Log
from carillon.services.follow import Follow
from carillon.wiring import wire_follow
from edge import BatchAnswer, Record, in_order


def handle(event: Mapping[str, Any], context: object) -> BatchAnswer:
    """Lambda's door."""
    return respond(event, *wire_follow())


def respond(event: Mapping[str, Any], follow: Follow, log: Log) -> BatchAnswer:
    """Follows each change; the first that fails and all after it come again."""

    def follow_one(record: Record) -> None:
        follow(change_from(record))

    return in_order(event, follow_one, log)
