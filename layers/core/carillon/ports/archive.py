"""The archive of ended runs beside its writer: rows that can be written again, and objects as they lie there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from carillon.domain.archive_object import EndedRow


@dataclass(frozen=True, slots=True)
class EndedRows:
    """Some ended runs, and where the walk goes on (None: nowhere)."""

    rows: tuple[EndedRow, ...]
    following: Mapping[str, Any] | None


class EndedRuns(Protocol):
    """The Runs table, walked from one end to the other."""

    def page(self, first: datetime, last: datetime, start: Mapping[str, Any] | None = None) -> EndedRows:
        """The next ended runs whose keys' hours lie in [first, last]; a page may be empty and the walk still go on."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object's name and how many bytes it has."""

    key: str
    size: int


class ArchiveReader(Protocol):
    """The objects of the archive."""

    def objects(self, prefix: str, limit: int) -> Sequence[StoredObject]:
        """The first `limit` objects whose keys begin so, in the order of their keys; `limit` is at most 1000."""

    def read(self, key: str) -> bytes:
        """The newest version of an object that is there."""
