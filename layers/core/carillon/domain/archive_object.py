"""How ended runs lie in the archive: gzip JSON Lines, one object per hour of the run keys and batch of changes.

Key and bytes follow from the changes alone, so that a batch delivered twice writes the same objects twice. What an
operator writes again has names of its own, made from its content: no object is ever replaced by one that says less.
"""

import gzip
import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from typing import Any, Final

from carillon.domain.run import Run
from carillon.domain.run_change import Change, UnreadableChange
from carillon.domain.run_document import run_document

_LEVEL: Final = 6
UNREADABLE: Final = "unreadable/"

EndedRow = Run | UnreadableChange
"""A row of an ended run as a walk over the table finds it."""


@dataclass(frozen=True, slots=True)
class ArchiveObject:
    """One object: its key, its gzip bytes, and how many lines they hold."""

    key: str
    body: bytes
    lines: int


@dataclass(frozen=True, slots=True)
class _Line:
    prefix: str
    change: Change
    document: dict[str, Any]


def archive_objects(changes: Iterable[Change]) -> Iterator[ArchiveObject]:
    """The objects for a batch: ended runs under runs/, rows that cannot be read as they are under unreadable/.

    A row that has not ended, or is gone, is not archived.
    """
    lines = [line for change in changes for line in _lines(change)]
    # Sorting is stable: within an hour the lines keep the stream's order.
    for prefix, group in groupby(sorted(lines, key=_prefix), key=_prefix):
        yield _object(prefix, list(group))


def _prefix(line: _Line) -> str:
    return line.prefix


def _lines(change: Change) -> Iterator[_Line]:
    if isinstance(change, UnreadableChange):
        yield _Line(UNREADABLE, change, asdict(change))
    elif change.after is not None and change.after.ended_at is not None:
        run = change.after
        yield _Line(hour_prefix(run.run_id.moment), change, run_document(run))


def hour_prefix(moment: datetime) -> str:
    """Where the runs lie whose keys begin within this UTC hour."""
    return f"runs/date={moment:%Y-%m-%d}/hour={moment:%H}/"


def _object(prefix: str, lines: Sequence[_Line]) -> ArchiveObject:
    first = lines[0].change
    # A sequence number is unique in its shard only, and a record does not name its shard; its id is unique.
    shard_hash = sha256(first.change_id.encode()).hexdigest()[:8]
    return _named(f"{prefix}{first.sequence}-{shard_hash}", [line.document for line in lines])


def objects_again(rows: Iterable[EndedRow]) -> Iterator[ArchiveObject]:
    """The objects for rows that are written again; the same rows give the same objects, others give others."""
    by_prefix: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if isinstance(row, UnreadableChange):
            by_prefix.setdefault(UNREADABLE, []).append(asdict(row))
        else:
            by_prefix.setdefault(hour_prefix(row.run_id.moment), []).append(run_document(row))
    for prefix, documents in sorted(by_prefix.items()):
        content = json.dumps(documents, separators=(",", ":"), default=_as_text)
        yield _named(f"{prefix}again-{sha256(content.encode()).hexdigest()[:16]}", documents)


def _named(name: str, documents: Sequence[Mapping[str, Any]]) -> ArchiveObject:
    text = "".join(json.dumps(each, separators=(",", ":"), default=_as_text) + "\n" for each in documents)
    body = gzip.compress(text.encode(), compresslevel=_LEVEL, mtime=0)
    return ArchiveObject(f"{name}.jsonl.gz", body, len(documents))


def _as_text(value: object) -> str:
    """Bytes of a row that cannot be read, as the stream would give them."""
    if not isinstance(value, bytes):
        raise TypeError(f"{type(value).__name__} has no place in the archive")
    return b64encode(value).decode()
