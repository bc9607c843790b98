"""How the audit log lies in the archive: chained objects for each day and shard, and a manifest that closes a day.

An object's first line names the SHA-256 of the object before it, so that none can be changed, left out or put between
without changing all that follow; the manifest names them all, and the manifest before it, and is signed.
"""

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any, Final

OBJECTS: Final = "audit/"
MANIFESTS: Final = "audit-manifests/"
_SEQUENCE_DIGITS: Final = 40
_LEVEL: Final = 6

Rows = Mapping[str, Mapping[str, Any]]
"""Entries as documents, by their places in time."""


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One row as the stream tells it; `sequence` orders the rows of a day and shard."""

    day_shard: str
    sequence: str
    place: str
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was archived."""

    day: str
    subject: str
    what: str


def digest(body: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return sha256(body).hexdigest()


def shard_prefix(day_shard: str) -> str:
    """Where the objects of one day and shard lie."""
    day, _, shard = day_shard.partition("#")
    return f"{day_prefix(f'{day[:4]}-{day[4:6]}-{day[6:8]}')}shard={shard}/"


def day_prefix(day: str) -> str:
    """Where the objects of one day lie, the day as 2026-11-22."""
    return f"{OBJECTS}date={day}/"


def again_prefix(day: str) -> str:
    """Where rows of a day lie that the operator has archived: a chain beside those of the shards."""
    return f"{day_prefix(day)}again/"


def again_key(day: str, number: int) -> str:
    """The object after `number` others there."""
    return f"{again_prefix(day)}{number:06}.jsonl.gz"


def day_of_key(key: str) -> date:
    """The day of an object or a manifest; ValueError."""
    return date.fromisoformat(key.partition("date=")[2][:10])


def object_key(first: AuditRecord) -> str:
    """Follows from the stream's sequence number, so that a batch delivered twice is one object."""
    return f"{shard_prefix(first.day_shard)}{first.sequence.zfill(_SEQUENCE_DIGITS)}.jsonl.gz"


def object_body(records: Sequence[AuditRecord], previous: str | None) -> bytes:
    """The header that names the object before, then one line for each row."""
    lines = [{"previous": previous}, *({"place": each.place, **each.document} for each in records)]
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    return gzip.compress(text.encode(), compresslevel=_LEVEL, mtime=0)


def read_body(body: bytes) -> tuple[str | None, dict[str, dict[str, Any]]]:
    """The digest of the object before, and the rows by place; ValueError for what is no such object."""
    try:
        header, *lines = [json.loads(line) for line in gzip.decompress(body).decode().splitlines()]
        return header["previous"], {line.pop("place"): line for line in lines}
    except (OSError, EOFError, KeyError, TypeError, AttributeError) as error:
        raise ValueError("not a readable object") from error


def manifest_key(day: date) -> str:
    """Where a day's manifest lies."""
    return f"{MANIFESTS}date={day:%Y-%m-%d}.json"


def manifest_text(
    day: date, objects: Mapping[str, bytes], previous: str | None, accepted: Sequence[Finding] = ()
) -> str:
    """The manifest of a day: its objects and their digests by key, and what it was closed in spite of."""
    entries = [{"key": key, "sha256": digest(body)} for key, body in sorted(objects.items())]
    document: dict[str, Any] = {"version": 1, "day": f"{day:%Y-%m-%d}", "previous": previous}
    document["objects"] = entries
    if accepted:
        document["findings"] = [{"subject": each.subject, "what": each.what} for each in accepted]
    return json.dumps(document, separators=(",", ":"), sort_keys=True)


def statement(environment: str, day: date, text: str) -> bytes:
    """What is signed: short whatever the manifest holds, and good for nothing else."""
    return f"carillon audit manifest 1\n{environment}\n{day:%Y-%m-%d}\n{digest(text.encode())}".encode()


def chain_faults(day: str, objects: Mapping[str, bytes]) -> list[Finding]:
    """What is wrong with the objects of a day as a chain for each shard."""
    found: list[Finding] = []
    last: dict[str, str] = {}
    for key, body in sorted(objects.items()):
        shard = key.rpartition("/")[0]
        try:
            previous, _ = read_body(body)
        except ValueError:
            found.append(Finding(day, key, "The object cannot be read."))
        else:
            if previous != last.get(shard):
                found.append(
                    Finding(day, key, "It does not name the object before it: one was changed or is missing.")
                )
        last[shard] = digest(body)
    return found


def rows_of(objects: Iterable[bytes]) -> dict[str, dict[str, Any]]:
    """All rows of the objects that can be read."""
    rows: dict[str, dict[str, Any]] = {}
    for body in objects:
        try:
            rows.update(read_body(body)[1])
        except ValueError:
            continue
    return rows


def manifest_faults(day: str, text: str, objects: Mapping[str, bytes], previous: str | None) -> list[Finding]:
    """Where the objects of a day differ from what its manifest says."""
    document = json.loads(text)
    named = {entry["key"]: entry["sha256"] for entry in document["objects"]}
    found = [Finding(day, key, "The object is missing.") for key in named.keys() - objects.keys()]
    found += [Finding(day, key, "The object was added later.") for key in objects.keys() - named.keys()]
    found += [
        Finding(day, key, "The object was changed.")
        for key in named.keys() & objects.keys()
        if digest(objects[key]) != named[key]
    ]
    if document["day"] != day:
        found.append(Finding(day, "manifest", f"The manifest is that of {document['day']}."))
    if document["previous"] != previous:
        found.append(
            Finding(
                day, "manifest", "It does not name the manifest before it: that was changed or is missing."
            )
        )
    return found


def row_faults(day: str, archived: Rows, stored: Rows) -> list[Finding]:
    """Where the table differs from the archive."""
    found = [
        Finding(day, place, "The row is missing in the archive.") for place in stored.keys() - archived.keys()
    ]
    found += [
        Finding(day, place, "The row is missing in the table.") for place in archived.keys() - stored.keys()
    ]
    found += [
        Finding(day, place, "The row in the table is not the one that was archived.")
        for place in stored.keys() & archived.keys()
        if dict(stored[place]) != dict(archived[place])
    ]
    return found
