"""Archives audit rows as the stream tells them: an object for each day and shard of a batch, chained to the last."""

from collections.abc import Sequence
from itertools import groupby

from carillon.domain.audit_archive import AuditRecord, digest, object_body, object_key, shard_prefix
from carillon.ports.audit import AuditArchive
from carillon.ports.world import Log


class ArchiveAudit:
    """Writes batches in order; an error leaves, and the batch written again gives the same objects.

    The stream hands on the rows of one day and shard in their order, one batch after the other: so the object before
    is the last one that lies there.
    """

    def __init__(self, archive: AuditArchive, log: Log) -> None:
        self._archive = archive
        self._log = log

    def __call__(self, records: Sequence[AuditRecord]) -> None:
        """Writes what the records tell."""
        ordered = sorted(records, key=lambda each: (each.day_shard, each.sequence.zfill(40)))
        for day_shard, group in groupby(ordered, key=lambda each: each.day_shard):
            rows = list(group)
            key = object_key(rows[0])
            earlier = [name for name in self._archive.keys(shard_prefix(day_shard)) if name < key]
            previous = digest(self._archive.read(max(earlier))) if earlier else None
            self._archive.put(key, object_body(rows, previous))
            self._log("audit_archived", "Audit rows are in the archive.", key=key, lines=len(rows))
