"""Finds a run in the archive once its row has expired, by the hour that its key begins with, within bounds."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from carillon.domain.archive_object import hour_prefix
from carillon.domain.archived_run import latest_runs, lines_about
from carillon.domain.errors import ArchiveTooLarge
from carillon.domain.run import Run
from carillon.domain.run_id import RunId
from carillon.ports.archive import ArchiveReader, StoredObject
from carillon.ports.world import Clock, Concurrently

MAX_OBJECTS: Final = 400
MAX_BYTES: Final = 24 * 1024 * 1024
"""Of all objects of an hour together, as they lie there; expanded they are about ten times as much."""
LEAST_KEPT: Final = timedelta(days=7)
"""No row expires earlier than this after its run's end, so a younger run that has no row was never there."""


class ReadArchived:
    """The archive, asked for one run; `side_by_side` reads several objects at once."""

    def __init__(self, archive: ArchiveReader, clock: Clock, side_by_side: Concurrently) -> None:
        self._archive = archive
        self._clock = clock
        self._side_by_side = side_by_side

    def __call__(self, top: RunId) -> Sequence[Run]:
        """The run and everything below it, in the order of their keys; none where none is there. ArchiveTooLarge."""
        try:
            moment = top.moment
        except ValueError:
            return []
        if moment > self._clock.now() - LEAST_KEPT:
            return []
        return self._found(top, self._archive.objects(hour_prefix(moment), MAX_OBJECTS + 1))

    def _found(self, top: RunId, found: Sequence[StoredObject]) -> Sequence[Run]:
        if len(found) > MAX_OBJECTS or sum(each.size for each in found) > MAX_BYTES:
            raise ArchiveTooLarge(
                f"The row of {top} has expired, and too many runs lie in the archive with its hour to look for it in "
                f"a request. Ask Athena for it."
            )

        def about(key: str) -> list[Mapping[str, Any]]:
            return list(lines_about(top, self._archive.read(key)))

        lines = self._side_by_side(about, [each.key for each in found])
        return latest_runs(line for some in lines for line in some)
