"""How ended runs lie in the archive: gzip JSON Lines, one object per hour of the run keys and batch of changes.

Key and bytes follow from the changes alone, so that a batch delivered twice writes the same objects twice.
"""

import gzip
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from typing import Any, Final

from carillon.domain.run_change import Change, UnreadableChange
from carillon.domain.run_document import run_document

_LEVEL: Final = 6


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
        yield _Line("unreadable/", change, asdict(change))
    elif change.after is not None and change.after.ended_at is not None:
        run = change.after
        yield _Line(_hour(run.run_id.moment), change, run_document(run))


def _hour(moment: datetime) -> str:
    return f"runs/date={moment:%Y-%m-%d}/hour={moment:%H}/"


def _object(prefix: str, lines: Sequence[_Line]) -> ArchiveObject:
    first = lines[0].change
    # A sequence number is unique in its shard only, and a record does not name its shard; its id is unique.
    shard_hash = sha256(first.change_id.encode()).hexdigest()[:8]
    text = "".join(json.dumps(line.document, separators=(",", ":")) + "\n" for line in lines)
    body = gzip.compress(text.encode(), compresslevel=_LEVEL, mtime=0)
    return ArchiveObject(f"{prefix}{first.sequence}-{shard_hash}.jsonl.gz", body, len(lines))
