"""Backfills as people ask for them: tried out, begun, watched, and called off."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from carillon.domain.access import Principal
from carillon.domain.backfill import (
    MAX_ACTIVE,
    Backfill,
    BackfillState,
    Order,
    by_fire_time,
    first_in_order,
    run_key_of,
)
from carillon.domain.backfill_document import BackfillRequest, fire_times_of
from carillon.domain.backfill_times import in_range
from carillon.domain.calendars import exclusions_of
from carillon.domain.errors import LostRace, Unavailable, WrongState
from carillon.domain.moments import to_key
from carillon.domain.run_id import RunId
from carillon.domain.schedule import Schedule
from carillon.ports.pages import Page
from carillon.ports.progress import BackfillStore
from carillon.ports.runs import RunStates, RunStore
from carillon.ports.schedules import ScheduleStore
from carillon.ports.world import Chance, Clock
from carillon.services.authorise import Permission, authorise_schedule
from carillon.services.journal import Journal
from carillon.services.operator_write import MAX_TRIES, live_head
from carillon.services.work_off import WorkOff


class Backfills:
    """The operator's side of backfills; working them off is WorkOff's."""

    def __init__(
        self,
        backfills: BackfillStore,
        schedules: ScheduleStore,
        runs: RunStore,
        states: RunStates,
        work_off: WorkOff,
        clock: Clock,
        chance: Chance,
        journal: Journal,
    ) -> None:
        self._backfills = backfills
        self._schedules = schedules
        self._runs = runs
        self._states = states
        self._work_off = work_off
        self._clock = clock
        self._chance = chance
        self._journal = journal

    def dry_run(
        self, principal: Principal, schedule_id: str, request: BackfillRequest
    ) -> tuple[int, Sequence[datetime]]:
        """How many fire times the range holds, and those that would run, in order; nothing is written.

        ScheduleNotFound, Forbidden, InvalidInput for a range that is empty or too long.
        """
        authorise_schedule(principal, Permission.BACKFILL_SCHEDULES, self._schedules, schedule_id)
        asked = self._asked(principal, live_head(self._schedules, schedule_id), request)
        spec = asked.timetable
        count = fire_times_of(spec, request)
        exclusions = exclusions_of(spec, self._schedules.calendars(spec.calendars))
        rows = by_fire_time(self._states.between(schedule_id, request.first, request.last))
        chosen = [
            fire_at
            for fire_at in in_range(spec, request.first, request.last)
            if exclusions.calendar_of(fire_at) is None
            and run_key_of(asked, fire_at, rows.get(to_key(fire_at), {})) is not None
        ]
        return count, chosen if request.order is Order.OLDEST else chosen[::-1]

    def begin(self, principal: Principal, schedule_id: str, request: BackfillRequest) -> Backfill:
        """The backfill, its first runs begun; as dry_run, and WrongState while too many are under way."""
        authorise_schedule(principal, Permission.BACKFILL_SCHEDULES, self._schedules, schedule_id)
        asked = self._asked(principal, live_head(self._schedules, schedule_id), request)
        if len(self._backfills.active_of(schedule_id)) >= MAX_ACTIVE:
            raise WrongState(
                f"{MAX_ACTIVE} backfills of this schedule are under way; wait for one or cancel one."
            )
        count = fire_times_of(asked.timetable, request)
        backfill = replace(asked, fire_times=count, cursor=first_in_order(asked))
        after = {
            "backfill_id": backfill.backfill_id,
            "range": [to_key(request.first), to_key(request.last)],
            "reprocess": str(request.reprocess),
        }
        self._backfills.create(backfill, self._entry(principal, "schedule.backfill", backfill, after))
        self._work_off(schedule_id, backfill.backfill_id)
        return self._backfills.get(schedule_id, backfill.backfill_id)

    def one(self, principal: Principal, schedule_id: str, backfill_id: str) -> Backfill:
        """A backfill with its progress as of now; ScheduleNotFound, BackfillNotFound."""
        authorise_schedule(principal, Permission.READ_RUNS, self._schedules, schedule_id)
        live_head(self._schedules, schedule_id)
        return self._up_to_date(self._backfills.get(schedule_id, backfill_id))

    def page(
        self, principal: Principal, schedule_id: str, limit: int, start: Mapping[str, Any] | None
    ) -> Page[Backfill]:
        """A page of a schedule's backfills, newest first; ScheduleNotFound."""
        authorise_schedule(principal, Permission.READ_RUNS, self._schedules, schedule_id)
        live_head(self._schedules, schedule_id)
        page = self._backfills.page(schedule_id, limit, start)
        return Page(tuple(self._up_to_date(each) for each in page.items), page.next_key)

    def cancel(self, principal: Principal, schedule_id: str, backfill_id: str) -> Backfill:
        """The backfill, which begins no further run; those begun go on. WrongState when it is over otherwise."""
        authorise_schedule(principal, Permission.BACKFILL_SCHEDULES, self._schedules, schedule_id)
        live_head(self._schedules, schedule_id)
        for _ in range(MAX_TRIES):
            before = self._backfills.get(schedule_id, backfill_id)
            if before.state is BackfillState.CANCELLED:
                return before
            if before.state is not BackfillState.ACTIVE:
                raise WrongState(f"This backfill is {before.state}; there is nothing left to cancel.")
            now = self._clock.now()
            closed = before.closed(BackfillState.CANCELLED, now, f"cancelled by {principal.name}")
            after = replace(closed, version=before.version + 1)
            entry = self._entry(principal, "schedule.backfill_cancel", before, {"backfill_id": backfill_id})
            try:
                self._backfills.save(before, after, entry)
            except LostRace:
                continue
            return self._up_to_date(after)
        raise Unavailable("The backfill is moving faster than it can be cancelled; try again.")

    def _asked(self, principal: Principal, head: Schedule, request: BackfillRequest) -> Backfill:
        now = self._clock.now()
        return Backfill(
            schedule_id=head.schedule_id,
            backfill_id=f"{to_key(now).lower()}-{self._chance.token()[:6]}",
            generation=head.generation,
            timetable=head.timetable,
            first=request.first,
            last=request.last,
            order=request.order,
            max_concurrent=request.max_concurrent,
            reprocess=request.reprocess,
            created_by=principal.name,
            created_at=now,
            fire_times=0,
            cursor=None,
        )

    def _up_to_date(self, backfill: Backfill) -> Backfill:
        """With open runs that have ended since counted as such; nothing is written."""
        ids = [RunId(backfill.schedule_id, key) for key in backfill.open]
        if not ids:
            return backfill
        return backfill.settled({run.run_id.run_key: run.state for run in self._runs.get_many(ids)})

    def _entry(self, principal: Principal, action: str, backfill: Backfill, after: Mapping[str, Any]) -> Any:
        subject = f"schedule:{backfill.schedule_id}"
        return self._journal.entry(principal, action, subject, self._clock.now(), after=after)
