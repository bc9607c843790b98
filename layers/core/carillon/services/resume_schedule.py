"""Resumes a schedule: it fires again from now on; what fell into the pause is on record, or caught up on."""

from datetime import datetime

from carillon.domain.access import Principal
from carillon.domain.calendars import exclusions_of
from carillon.domain.catch_up import wanted
from carillon.domain.errors import FieldError, InvalidInput
from carillon.domain.head_changes import HeadChange, resume
from carillon.domain.held_back import is_held_back, looked_for
from carillon.domain.run import Run, RunState
from carillon.domain.schedule import Schedule, ScheduleState
from carillon.ports.runs import RunStore
from carillon.ports.schedules import Change, ScheduleStore
from carillon.ports.world import Clock
from carillon.services.authorise import Permission, authorise_schedule
from carillon.services.journal import Journal
from carillon.services.operator_write import DispatchNow, OperatorWrite


class ResumeSchedule:
    """Moves active_since, so that no fire time of the pause can start afterwards."""

    def __init__(
        self,
        schedules: ScheduleStore,
        runs: RunStore,
        clock: Clock,
        journal: Journal,
        dispatch_now: DispatchNow,
    ) -> None:
        self._schedules = schedules
        self._runs = runs
        self._write = OperatorWrite(schedules)
        self._clock = clock
        self._journal = journal
        self._dispatch_now = dispatch_now

    def __call__(
        self,
        principal: Principal,
        schedule_id: str,
        expected_version: int | None = None,
        catch_up: bool = False,
    ) -> Schedule:
        """The active head, the same one when it was active already; ScheduleNotFound, WrongState, InvalidInput,
        MissingCalendar.

        With `catch_up` the misfire policy decides how many of the fire times inside the pause still run.
        """
        authorise_schedule(principal, Permission.RESUME_SCHEDULES, self._schedules, schedule_id)
        now = self._clock.now()
        caught_up: tuple[Run, ...] = ()

        def decide(head: Schedule) -> Change | None:
            nonlocal caught_up
            changed = self._resumed(head, now, catch_up)
            if changed is None:
                return None
            caught_up = tuple(run for run in changed.jumped if run.state is RunState.QUEUED)
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
            self._dispatch_now(head, caught_up)
        return head

    def _resumed(self, head: Schedule, now: datetime, catch_up: bool) -> HeadChange | None:
        count = _count(head) if catch_up else 0
        if head.state is ScheduleState.ACTIVE:
            return resume(head, now)
        # Asked without catching up, too: with a calendar missing it would be broken again at once.
        exclusions = exclusions_of(head.timetable, self._schedules.calendars(head.timetable.calendars))
        claimed = self._runs.get_many(looked_for(head, now, count)) if count else ()
        held_back = [run for run in claimed if is_held_back(run, head, exclusions)]
        held_back.sort(key=lambda run: run.fire_at)
        return resume(head, now, catch_up=count, exclusions=exclusions, held_back=held_back)


def _count(head: Schedule) -> int:
    """How many fire times the policy catches up on; InvalidInput where there can be none."""
    after, count = head.timetable.after, wanted(head.policies.misfire)
    message = "The schedule's policy is catch_up none; set it to latest or all first, or resume without."
    if after is not None:
        message = (
            f"The schedule runs after {after.schedule_id} and has no fire times to catch up on; resume without, and "
            "run again by hand what it skipped."
        )
    if after is not None or not count:
        raise InvalidInput("The resumption is not valid.", [FieldError("catch_up", message)])
    return count
