"""One operator write to a schedule: read the head, decide, write on condition.

It begins again when a claim was first, because a claim never raises head_version and so never refuses an edit.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, Protocol

from carillon.domain.errors import LostRace, ScheduleNotFound, Unavailable, VersionMismatch
from carillon.domain.run import Run
from carillon.domain.schedule import Schedule, ScheduleState
from carillon.ports.schedules import Change, ScheduleStore

MAX_TRIES: Final = 8

Decide = Callable[[Schedule], Change | None]


class DispatchNow(Protocol):
    """Claims and sends at once what a written schedule has before the next tick, and runs that the write made."""

    def __call__(self, head: Schedule, runs: Sequence[Run] = (), /) -> None:
        """Returns when it is sent, or left to the tick."""


class OperatorWrite:
    """Writes one decision to one schedule's head."""

    def __init__(self, schedules: ScheduleStore) -> None:
        self._schedules = schedules

    def __call__(
        self, schedule_id: str, expected_version: int | None, decide: Decide
    ) -> tuple[Schedule, bool]:
        """The head as it then stands, and whether it was written; None from `decide` leaves it as it is.

        ScheduleNotFound, VersionMismatch when the head is not at `expected_version`; Unavailable when claims
        keep overtaking the write.
        """
        for _ in range(MAX_TRIES):
            head = live_head(self._schedules, schedule_id)
            if expected_version is not None and head.head_version != expected_version:
                raise VersionMismatch
            change = decide(head)
            if change is None:
                return head, False
            try:
                write_change(self._schedules, change)
            except LostRace:
                # A claim moved next_fire_at, or another operator was first: the fresh head decides which.
                continue
            return change.after, True
        raise Unavailable("The schedule is being claimed faster than it can be written; try again.")


def live_head(schedules: ScheduleStore, schedule_id: str) -> Schedule:
    """The head of a schedule that is not deleted; ScheduleNotFound."""
    head = schedules.head(schedule_id)
    if head is None or head.state is ScheduleState.DELETED:
        raise ScheduleNotFound(f"There is no schedule {ascii(schedule_id)[1:-1]:.64}.")
    return head


def write_change(schedules: ScheduleStore, change: Change) -> None:
    """Writes a change; run rows that exist already are left as they are. LostRace, ScheduleExists."""
    for _ in range(MAX_TRIES):
        existing = schedules.write(change)
        if existing is None:
            return
        change = replace(change, runs=tuple(run for run in change.runs if run.run_id not in existing))
    raise LostRace
