"""Writes ended runs to the archive again, out of their rows: after the archiver had given up on part of the stream.

It may be stopped and begun again at any time, and runs beside everything else: what it writes has names of its own, so
that nothing which lies in the archive is replaced, and readers take one line for each run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from carillon.domain.archive_object import EndedRow, objects_again
from carillon.domain.run_change import UnreadableChange
from carillon.ports.archive import EndedRuns
from carillon.ports.signals import ArchiveBucket
from carillon.ports.world import Clock, Log

BUDGET: Final = timedelta(seconds=200)
"""How long one invocation works; the operator function's own timeout is longer."""
STRETCH: Final = 20
"""Pages of the table that share their objects: a number and no time, so that the same table gives the same objects."""
MAX_DAYS: Final = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class ReArchived:
    """How far it came: `following` is where the next invocation goes on, None when all is done."""

    runs: int
    unreadable: int
    objects: int
    following: Mapping[str, Any] | None

    def document(self) -> dict[str, Any]:
        """The command's answer."""
        return {
            "done": self.following is None,
            "runs": self.runs,
            "unreadable": self.unreadable,
            "objects": self.objects,
            "next": self.following,
        }


class ReArchive:
    """Walks the Runs table, a stretch of pages at a time."""

    def __init__(self, ended: EndedRuns, bucket: ArchiveBucket, clock: Clock, log: Log) -> None:
        self._ended = ended
        self._bucket = bucket
        self._clock = clock
        self._log = log

    def __call__(self, first: datetime, last: datetime, start: Mapping[str, Any] | None = None) -> ReArchived:
        """The hours from first to last, for BUDGET at most; an error can be repeated, it leaves nothing wrong."""
        ends_at, following = self._clock.now() + BUDGET, start
        runs = unreadable = objects = 0
        while True:
            rows, following = self._stretch(first, last, following)
            objects += self._write(rows)
            broken = sum(isinstance(row, UnreadableChange) for row in rows)
            runs, unreadable = runs + len(rows) - broken, unreadable + broken
            if following is None or self._clock.now() >= ends_at:
                return ReArchived(runs=runs, unreadable=unreadable, objects=objects, following=following)

    def _stretch(
        self, first: datetime, last: datetime, start: Mapping[str, Any] | None
    ) -> tuple[list[EndedRow], Mapping[str, Any] | None]:
        rows: list[EndedRow] = []
        for _ in range(STRETCH):
            page = self._ended.page(first, last, start)
            rows += page.rows
            start = page.following
            if start is None:
                break
        return rows, start

    def _write(self, rows: list[EndedRow]) -> int:
        count = 0
        for item in objects_again(rows):
            self._bucket.put(item.key, item.body)
            self._log("archived_again", "Ended runs are in the archive.", key=item.key, lines=item.lines)
            count += 1
        return count
