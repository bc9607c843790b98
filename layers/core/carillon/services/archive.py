"""Archives ended runs: one gzip JSON Lines object per hour of the run keys and batch of the stream."""

from collections.abc import Sequence

from carillon.domain.archive_object import archive_objects
from carillon.domain.run_change import Change, UnreadableChange
from carillon.ports.signals import ArchiveBucket
from carillon.ports.world import Log


class Archive:
    """Writes batches of changes; an error leaves, and the whole batch, written again, gives the same objects."""

    def __init__(self, bucket: ArchiveBucket, log: Log) -> None:
        self._bucket = bucket
        self._log = log

    def __call__(self, changes: Sequence[Change]) -> None:
        """Writes what has ended; a row that cannot be read is kept as it is, so that nothing is lost."""
        for change in changes:
            if isinstance(change, UnreadableChange):
                self._log("row_unreadable", change.reason, task_id=change.run_id)
        for item in archive_objects(changes):
            self._bucket.put(item.key, item.body)
            self._log("archived", "Ended runs are in the archive.", key=item.key, lines=item.lines)
