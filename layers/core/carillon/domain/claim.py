"""What a claim writes: the run rows of fire times first, then the head, advanced past them.

Safety rests on that order. A row that exists already is no conflict; a head that has moved is.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from carillon.domain.run import Run
from carillon.domain.run_id import RunId
from carillon.domain.schedule import Schedule, ScheduleState

MAX_ACTIONS: Final = 100
"""DynamoDB's bound on the actions of one transaction."""

MAX_RUNS: Final = MAX_ACTIONS - 1
"""Run rows of one schedule in one transaction; the head takes the remaining action."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Run rows to put if absent, and how the head advances if it still is what `schedule` says.

    The head's condition: next_fire_at, generation and head_version as read. `resumed_at` ends a pause.
    """

    schedule: Schedule
    runs: tuple[Run, ...]
    next_fire_at: datetime | None
    due_at: datetime | None
    state: ScheduleState
    state_reason: str | None = None
    fires_left: int | None = None
    skip_next: int = 0
    resumed_at: datetime | None = None

    @property
    def actions(self) -> int:
        """How many of a transaction's actions this claim takes."""
        return len(self.runs) + 1


class ClaimFault(StrEnum):
    """Why a transaction of claims was cancelled, as seen from one claim."""

    NONE = "none"
    LOST = "lost"
    EXISTS = "exists"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class ClaimVerdict:
    """One claim's part in a cancelled transaction; `existing` names its rows that were there already."""

    fault: ClaimFault
    existing: frozenset[RunId] = frozenset()
