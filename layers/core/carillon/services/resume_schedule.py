"""Resumes a schedule: it fires again from now on, and what fell into the pause is on record as skipped."""

from carillon.domain.access import Principal
from carillon.domain.head_changes import resume
from carillon.domain.schedule import Schedule
from carillon.ports import Change, Clock, ScheduleStore
from carillon.services.authorise import Permission, authorise_schedule
from carillon.services.journal import Journal
from carillon.services.operator_write import DispatchNow, OperatorWrite


class ResumeSchedule:
    """Moves active_since, so that no fire time of the pause can start afterwards."""

    def __init__(
        self, schedules: ScheduleStore, clock: Clock, journal: Journal, dispatch_now: DispatchNow
    ) -> None:
        self._schedules = schedules
        self._write = OperatorWrite(schedules)
        self._clock = clock
        self._journal = journal
        self._dispatch_now = dispatch_now

    def __call__(
        self, principal: Principal, schedule_id: str, expected_version: int | None = None
    ) -> Schedule:
        """The active head, the same one when it was active already; ScheduleNotFound, WrongState."""
        authorise_schedule(principal, Permission.RESUME_SCHEDULES, self._schedules, schedule_id)
        now = self._clock.now()

        def decide(head: Schedule) -> Change | None:
            changed = resume(head, now)
            if changed is None:
                return None
            audit = self._journal.entry(
                principal,
                "schedule.resume",
                f"schedule:{schedule_id}",
                now,
                before={"state": str(head.state)},
                after={"state": str(changed.after.state)},
            )
            return Change(head, changed.after, audit, runs=changed.jumped)

        head, written = self._write(schedule_id, expected_version, decide)
        if written:
            self._dispatch_now(head)
        return head
