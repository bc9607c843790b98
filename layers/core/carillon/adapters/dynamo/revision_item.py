"""A revision as a row: written once, signed, never changed; the definition and the job are JSON texts."""

from collections.abc import Mapping
from typing import Any

from carillon.adapters.dynamo.job_value import job_value, read_job_value
from carillon.adapters.dynamo.wire import Row, Wire, packed, text, whole
from carillon.adapters.signed_rows import SignedRows
from carillon.domain.errors import MalformedRow, SealError
from carillon.domain.job import Revision
from carillon.domain.secrets import Secrets, StoredSecret


def revision_key(schedule_id: str, number: int) -> Wire:
    """The key of a revision; five digits keep them in order."""
    return {"schedule_id": text(schedule_id), "part": text(f"r{number:05d}")}


def revision_item(revision: Revision) -> Wire:
    """The row."""
    item = revision_key(revision.schedule_id, revision.number) | {
        "generation": whole(revision.generation),
        "document": packed(dict(revision.document)),
        "job": packed(job_value(revision.job)),
        "saved_at": whole(revision.saved_at_ms),
        "saved_by": text(revision.saved_by),
    }
    if revision.secrets:
        item["secrets"] = {"M": {name: {"M": _secret(each)} for name, each in revision.secrets.items()}}
    return item


def _secret(secret: StoredSecret) -> Wire:
    kept = {"changed_at": whole(secret.changed_at_ms), "origins": packed(list(secret.origins))}
    return kept if secret.sealed is None else kept | {"sealed": {"B": secret.sealed}}


def verify_revision(item: Mapping[str, Mapping[str, Any]], rows: SignedRows) -> None:
    """Nothing, if the api of this stack signed exactly this revision when it was saved; MalformedRow."""
    try:
        saved_at = Row(item, "The revision").moment("saved_at")
        rows.verify(item, saved_at)
    except SealError as error:
        named = f"Schedule {item['schedule_id'].get('S')}, revision {item['part'].get('S')}"
        raise MalformedRow(f"{named} is not to be believed. {error}") from None


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
        secrets=_secrets(item, row),
    )


def _secrets(item: Mapping[str, Mapping[str, Any]], row: Row) -> Secrets:
    try:
        stored = item.get("secrets", {"M": {}})["M"]
        return {
            name: _read_secret(Row(each["M"], f"{row.name}, secret {name}")) for name, each in stored.items()
        }
    except (KeyError, TypeError, AttributeError):
        raise row.fault("secrets", "cannot be read") from None


def _read_secret(row: Row) -> StoredSecret:
    return StoredSecret(row.maybe_bytes("sealed"), row.whole("changed_at"), row.texts("origins"))
