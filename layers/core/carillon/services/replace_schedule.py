"""Replaces a schedule's definition by a new revision, and ends queued runs that the new timetable does not have."""

from datetime import datetime

from carillon.domain.access import Principal
from carillon.domain.calendars import exclusions_of
from carillon.domain.definition import Definition
from carillon.domain.fire_times import fires_at
from carillon.domain.head_changes import counts_runs, edit
from carillon.domain.job import Revision
from carillon.domain.run import Origin, Run
from carillon.domain.schedule import Schedule
from carillon.domain.scope import Subject
from carillon.ports.schedules import Change, ScheduleStore
from carillon.ports.world import Clock
from carillon.services.adopt_runs import AdoptRuns
from carillon.services.authorise import Permission, authorise, authorise_schedule, authorise_targets
from carillon.services.create_schedule import authorise_chain, revision_of
from carillon.services.end_queued import EndQueued
from carillon.services.journal import Journal, saved_revision
from carillon.services.keep_secrets import KeepSecrets
from carillon.services.operator_write import DispatchNow, OperatorWrite


class ReplaceSchedule:
    """A lost update is refused: the caller names the version that was read."""

    def __init__(
        self,
        schedules: ScheduleStore,
        keep_secrets: KeepSecrets,
        clock: Clock,
        journal: Journal,
        end_queued: EndQueued,
        dispatch_now: DispatchNow,
        adopt_runs: AdoptRuns,
    ) -> None:
        self._schedules = schedules
        self._keep_secrets = keep_secrets
        self._write = OperatorWrite(schedules)
        self._clock = clock
        self._journal = journal
        self._end_queued = end_queued
        self._dispatch_now = dispatch_now
        self._adopt_runs = adopt_runs

    def __call__(
        self, principal: Principal, definition: Definition, expected_version: int | None
    ) -> tuple[Schedule, Revision]:
        """The head and revision as written; ScheduleNotFound, VersionMismatch, Forbidden."""
        schedule_id = definition.schedule_id
        authorise_schedule(principal, Permission.EDIT_SCHEDULES, self._schedules, schedule_id)
        authorise_targets(principal, definition.job)
        authorise_chain(principal, definition, self._schedules)
        exclusions_of(definition.timetable, self._schedules.calendars(definition.timetable.calendars))
        now = self._clock.now()

        revisions: list[Revision] = []

        def decide(head: Schedule) -> Change:
            # The schedule must be theirs with its new tags too: nobody tags a schedule into another's reach.
            wanted = Subject(schedule_id, head.owner, definition.tags)
            authorise(principal, Permission.EDIT_SCHEDULES, wanted)
            change, revision = self._change(principal, head, definition, now)
            revisions.append(revision)
            return change

        head, _ = self._write(definition.schedule_id, expected_version, decide)
        message = "the schedule was edited and no longer fires at this time"
        self._end_queued(head, lambda run: _is_gone(run, head), "edited", message)
        self._adopt_runs(head)
        self._dispatch_now(head)
        return head, revisions[-1]

    def _change(
        self, principal: Principal, head: Schedule, definition: Definition, now: datetime
    ) -> tuple[Change, Revision]:
        ahead = (
            self._end_queued.surely_ahead(head) if counts_runs(head.timetable, definition.timetable) else ()
        )
        changed = edit(head, definition, now, [run.fire_at for run in ahead])
        before = saved_revision(self._schedules, head)
        secrets = self._keep_secrets(definition, head, {} if before is None else before.secrets, now)
        revision = revision_of(changed.after, definition, principal, secrets)
        audit = self._journal.entry(
            principal,
            "schedule.replace",
            f"schedule:{head.schedule_id}",
            now,
            before=None if before is None else before.document,
            after=revision.document,
        )
        return Change(head, changed.after, audit, revision, changed.jumped), revision


def _is_gone(run: Run, head: Schedule) -> bool:
    return run.origin is Origin.FIRE and not fires_at(head.timetable, run.fire_at)
