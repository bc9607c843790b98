"""Deletes a schedule: a tombstone stays, so that the id can be used again without mixing up runs."""

from datetime import datetime, timedelta

from carillon.domain.access import Principal
from carillon.domain.head_changes import CLAIM_REACH, delete
from carillon.domain.schedule import Schedule
from carillon.ports.runs import RunStore
from carillon.ports.schedules import Change, ScheduleStore
from carillon.ports.world import Clock
from carillon.services.authorise import Permission, authorise_schedule
from carillon.services.chain_runs import check_unfollowed
from carillon.services.end_queued import EndQueued
from carillon.services.journal import Journal, saved_document
from carillon.services.operator_write import OperatorWrite


class DeleteSchedule:
    """Head first, then the queued runs whose time has come, manual ones too, then the answer."""

    def __init__(
        self, schedules: ScheduleStore, runs: RunStore, clock: Clock, journal: Journal, end_queued: EndQueued
    ) -> None:
        self._schedules = schedules
        self._runs = runs
        self._write = OperatorWrite(schedules)
        self._clock = clock
        self._journal = journal
        self._end_queued = end_queued

    def __call__(self, principal: Principal, schedule_id: str, expected_version: int | None) -> None:
        """Returns when it is deleted; ScheduleNotFound, VersionMismatch, ScheduleFollowed, Forbidden."""
        authorise_schedule(principal, Permission.DELETE_SCHEDULES, self._schedules, schedule_id)
        now = self._clock.now()

        def decide(head: Schedule) -> Change:
            check_unfollowed(self._schedules, schedule_id)
            changed = delete(head, now, self._last_claimed(schedule_id, now))
            audit = self._journal.entry(
                principal,
                "schedule.delete",
                f"schedule:{schedule_id}",
                now,
                before=saved_document(self._schedules, head),
            )
            return Change(head, changed.after, audit, runs=changed.jumped)

        head, _ = self._write(schedule_id, expected_version, decide)
        message = "the schedule was deleted before this run started"
        self._end_queued(head, lambda _: True, "deleted", message)

    def _last_claimed(self, schedule_id: str, now: datetime) -> datetime | None:
        """The latest moment that a run's key names: a new incarnation must not meet a row of this one."""
        ahead = self._runs.queued_between(schedule_id, now + timedelta(seconds=1), now + CLAIM_REACH)
        # The newest row, whatever its state: a clock that ran ahead may have claimed beyond any reach, and ended runs.
        newest = self._runs.of_schedule(schedule_id, 1).items
        return max((run.run_id.moment for run in (*ahead, *newest)), default=None)
