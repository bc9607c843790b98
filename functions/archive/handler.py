"""The Runs stream, by the minute: runs that ended → gzip JSON Lines in the archive's bucket."""

from collections.abc import Mapping
from typing import Any

from carillon.adapters.dynamo.stream import change_from
from carillon.services.archive import Archive
from carillon.wiring import wire_archive


def handle(event: Mapping[str, Any], context: object) -> None:
    """Lambda's door. An error is raised: the whole batch comes again, and writing it again changes nothing."""
    respond(event, wire_archive())


def respond(event: Mapping[str, Any], archive: Archive) -> None:
    """Archives the batch as a whole."""
    archive([change_from(record) for record in event["Records"]])
