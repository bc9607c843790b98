"""The archive of ended runs beside its writer: the rows that can be written again, and the objects as they lie there."""

from collections.abc import Mapping
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
