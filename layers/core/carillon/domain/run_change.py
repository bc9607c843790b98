"""One change of a run's row, as the Runs table's stream tells it: at least once, in the row's own order."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from carillon.domain.run import Run


@dataclass(frozen=True, slots=True)
class RunChange:
    """A row before and after one write; None where there was no row, or is none any more.

    `change_id` is the same each time the change is delivered; `sequence` orders the changes of one shard.
    """

    change_id: str
    sequence: str
    before: Run | None
    after: Run | None

    @property
    def ends_now(self) -> bool:
        """Whether this very write ended the run, or moved an ended run to another end."""
        if self.after is None or self.after.ended_at is None:
            return False
        before = self.before
        return before is None or before.ended_at is None or before.state is not self.after.state


@dataclass(frozen=True, slots=True)
class UnreadableChange:
    """A change whose row cannot be read; `image` is the row as the stream carried it."""

    change_id: str
    sequence: str
    reason: str
    run_id: str
    image: Mapping[str, Any]


Change = RunChange | UnreadableChange
