"""Creates a schedule, also under an id that was deleted, and dispatches what is due before the next tick."""

from carillon.domain.access import Principal
from carillon.domain.calendars import exclusions_of
from carillon.domain.definition import Definition
from carillon.domain.definition_document import definition_document
from carillon.domain.errors import LostRace, ScheduleExists
from carillon.domain.head_changes import create
from carillon.domain.job import Revision
from carillon.domain.moments import to_ms
from carillon.domain.schedule import Schedule, ScheduleState
from carillon.domain.scope import Subject
from carillon.domain.secrets import Secrets
from carillon.ports.schedules import Change, ScheduleStore
from carillon.ports.world import Clock
from carillon.services.authorise import Permission, authorise, authorise_schedule, authorise_targets
from carillon.services.chain_runs import check_chain
from carillon.services.journal import Journal
from carillon.services.keep_secrets import KeepSecrets
from carillon.services.operator_write import DispatchNow, write_change


class CreateSchedule:
    """Writes the head, the first revision and the audit row in one transaction."""

    def __init__(
        self,
        schedules: ScheduleStore,
        keep_secrets: KeepSecrets,
        clock: Clock,
        journal: Journal,
        dispatch_now: DispatchNow,
    ) -> None:
        self._schedules = schedules
        self._keep_secrets = keep_secrets
        self._clock = clock
        self._journal = journal
        self._dispatch_now = dispatch_now

    def __call__(self, principal: Principal, definition: Definition) -> tuple[Schedule, Revision]:
        """The new head and revision; ScheduleExists, Forbidden, InvalidInput when it would never fire."""
        wanted = Subject(definition.schedule_id, principal.name, definition.tags)
        authorise(principal, Permission.CREATE_SCHEDULES, wanted)
        authorise_targets(principal, definition.job)
        tombstone = self._schedules.head(definition.schedule_id)
        if tombstone is not None and tombstone.state is not ScheduleState.DELETED:
            raise _exists(definition)
        authorise_chain(principal, definition, self._schedules)
        exclusions_of(definition.timetable, self._schedules.calendars(definition.timetable.calendars))
        now = self._clock.now()
        head = create(definition, principal.name, now, tombstone).after
        secrets = self._keep_secrets(definition, head, {}, now)
        revision = revision_of(head, definition, principal, secrets)
        audit = self._journal.entry(
            principal, "schedule.create", f"schedule:{head.schedule_id}", now, after=revision.document
        )
        try:
            write_change(self._schedules, Change(tombstone, head, audit, revision))
        except LostRace:
            raise _exists(definition) from None
        self._dispatch_now(head)
        return head, revision


def authorise_chain(principal: Principal, definition: Definition, schedules: ScheduleStore) -> None:
    """Lets pass whoever may read the runs that the schedule would follow; InvalidInput for a chain that cannot be."""
    after = definition.timetable.after
    if after is not None:
        authorise_schedule(principal, Permission.READ_RUNS, schedules, after.schedule_id)
        check_chain(schedules, definition.schedule_id, definition.timetable)


def revision_of(head: Schedule, definition: Definition, principal: Principal, secrets: Secrets) -> Revision:
    """The immutable revision that a written head points at."""
    return Revision(
        schedule_id=head.schedule_id,
        generation=head.generation,
        number=head.revision,
        document=definition_document(definition, secrets),
        job=definition.job,
        saved_at_ms=to_ms(head.updated_at),
        saved_by=principal.name,
        secrets=secrets,
    )


def _exists(definition: Definition) -> ScheduleExists:
    return ScheduleExists(
        f"The schedule {definition.schedule_id} exists already; change it with PUT /v1/schedules/"
        f"{definition.schedule_id}."
    )
