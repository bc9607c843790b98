"""A revision as a row: written once, never changed; the definition and the job are JSON texts."""

from collections.abc import Mapping
from typing import Any

from carillon.adapters.dynamo.job_value import job_value, read_job_value
from carillon.adapters.dynamo.wire import Row, Wire, packed, text, whole
from carillon.domain.errors import MalformedRow
from carillon.domain.job import Revision


def revision_key(schedule_id: str, number: int) -> Wire:
    """The key of a revision; five digits keep them in order."""
    return {"schedule_id": text(schedule_id), "part": text(f"r{number:05d}")}


def revision_item(revision: Revision) -> Wire:
    """The row."""
    return revision_key(revision.schedule_id, revision.number) | {
        "generation": whole(revision.generation),
        "document": packed(dict(revision.document)),
        "job": packed(job_value(revision.job)),
        "saved_at": whole(revision.saved_at_ms),
        "saved_by": text(revision.saved_by),
    }


def read_revision(item: Mapping[str, Mapping[str, Any]]) -> Revision:
    """The revision; MalformedRow."""
    schedule_id, part = str(item["schedule_id"]["S"]), str(item["part"]["S"])
    row = Row(item, f"Schedule {schedule_id}, revision {part}")
    job = row.mapping("job")
    try:
        read = read_job_value(job)
        number = int(part[1:])
    except (KeyError, ValueError, TypeError) as error:
        raise MalformedRow(f"{row.name} cannot be read: {error}.") from None
    return Revision(
        schedule_id=schedule_id,
        generation=row.whole("generation"),
        number=number,
        document=row.mapping("document"),
        job=read,
        saved_at_ms=row.whole("saved_at"),
        saved_by=row.text("saved_by"),
    )
