"""The Runs stream, within a second: each run that ended → what must follow its end, alone and in its batch."""

from collections.abc import Mapping
from typing import Any

from carillon.adapters.dynamo.stream import change_from
from carillon.domain.run_change import Change
from carillon.ports.world import Log
from carillon.services.follow import Follow
from carillon.services.follow_batch import FollowBatch
from carillon.services.tell_alerts import TellAlerts
from carillon.wiring.follow import wire_follow
from edge import BatchAnswer, Record, in_order


def handle(event: Mapping[str, Any], context: object) -> BatchAnswer:
    """Lambda's door; its clock comes without records."""
    follow, follow_batch, log, tell = wire_follow()
    if "Records" in event:
        return respond(event, follow, follow_batch, log)
    return respond_to_clock(tell)


def respond_to_clock(tell: TellAlerts) -> BatchAnswer:
    """Tells the alerts that wait for a summary or for another try; an error is raised, the next minute is the retry."""
    tell()
    return {"batchItemFailures": []}


def respond(event: Mapping[str, Any], follow: Follow, follow_batch: FollowBatch, log: Log) -> BatchAnswer:
    """Follows each change, then those together; the first that fails and all after it come again."""
    followed: list[Change] = []

    def follow_one(record: Record) -> None:
        change = change_from(record)
        follow(change)
        followed.append(change)

    return in_order(event, follow_one, log, at_end=lambda: follow_batch(followed))
