"""The run keys of a workflow's rows: `<parent>.<step>`, `<parent>.<step>.00007` and `<…>.undo-1`.

A step's name holds no dot, so every key parses back; digits and `undo-` behind a dot are the item of a for_each and
the compensation. All of them sort right behind their parent, and an item right behind its step.
"""

import re
from dataclasses import dataclass
from typing import Final

from carillon.domain.run_id import RunId

STEP_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
RESERVED_NAMES: Final = frozenset({"undo"})
MAX_ITEMS: Final = 1000
_SUFFIX: Final = re.compile(
    r"(?:(?P<step>[A-Za-z][A-Za-z0-9_]{0,39})(?:\.(?P<item>\d{5}))?)?(?:(?:^|\.)undo-(?P<undo>\d{1,4}))?"
)


@dataclass(frozen=True, slots=True)
class StepKey:
    """A place in a workflow: a step, an item of its for_each, or the compensation of either.

    `undo` is the round of the compensation; a plain task's own compensation has no step.
    """

    step: str | None
    item: int | None = None
    undo: int | None = None

    @property
    def suffix(self) -> str:
        """What follows the parent's key and a dot."""
        parts = [self.step] if self.step is not None else []
        if self.item is not None:
            parts.append(f"{self.item:05d}")
        if self.undo is not None:
            parts.append(f"undo-{self.undo}")
        return ".".join(parts)

    @property
    def done_thing(self) -> "StepKey":
        """What a compensation takes back; a step itself otherwise."""
        return StepKey(self.step, self.item)

    def under(self, parent: RunId) -> RunId:
        """The run id of this place below a top-level run."""
        return RunId(parent.schedule_id, f"{parent.run_key}.{self.suffix}")


def split(run_id: RunId) -> tuple[RunId, StepKey | None]:
    """The top-level run and the place below it, None for the top itself; ValueError for a key that is neither."""
    top, dot, suffix = run_id.run_key.partition(".")
    parent = RunId(run_id.schedule_id, top)
    if not dot:
        return parent, None
    match = _SUFFIX.fullmatch(suffix)
    if match is None or suffix[:1] in ("", "."):
        raise ValueError(f"{run_id} names no step of a workflow")
    item, undo = match["item"], match["undo"]
    return parent, StepKey(match["step"], int(item) if item else None, int(undo) if undo else None)
