"""The dead-letter queue: what could not be delivered in five receives → its run ended or the message noted."""

from collections.abc import Mapping
from typing import Any

from carillon.ports.world import Log
from carillon.services.dead_letter import TakeInDeadLetter
from carillon.wiring.dead_letter import wire_dead_letter
from edge import BatchAnswer, Record, each_record


def handle(event: Mapping[str, Any], context: object) -> BatchAnswer:
    """Lambda's door."""
    take_in, log, metrics = wire_dead_letter()
    metrics.put_all({"DeadLetters": len(event["Records"])})
    return respond(event, take_in, log)


def respond(event: Mapping[str, Any], take_in: TakeInDeadLetter, log: Log) -> BatchAnswer:
    """Takes in each message; one whose store did not answer comes again."""

    def take_one(record: Record) -> None:
        take_in(record["messageId"], record["body"])

    return each_record(event, take_one, log)
