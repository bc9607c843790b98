"""Runs a schedule's job now, whatever its timetable and its state say, as long as it is not deleted."""

from dataclasses import replace
from typing import Any

from carillon.domain.access import Principal
from carillon.domain.errors import VersionMismatch
from carillon.domain.new_run import queued
from carillon.domain.run import Origin, Run
from carillon.domain.run_id import RunId
from carillon.domain.trace import Trace
from carillon.ports.runs import OutputStore
from carillon.ports.schedules import ScheduleStore
from carillon.ports.world import Chance, Clock
from carillon.services.authorise import Permission, authorise_schedule
from carillon.services.enqueue import Enqueue
from carillon.services.journal import Journal
from carillon.services.operator_write import live_head


class TriggerSchedule:
    """Makes a manual run; the row and its audit entry are one transaction."""

    def __init__(
        self,
        schedules: ScheduleStore,
        enqueue: Enqueue,
        outputs: OutputStore,
        clock: Clock,
        chance: Chance,
        journal: Journal,
    ) -> None:
        self._schedules = schedules
        self._enqueue = enqueue
        self._outputs = outputs
        self._clock = clock
        self._chance = chance
        self._journal = journal

    def __call__(
        self,
        principal: Principal,
        schedule_id: str,
        expected_version: int | None = None,
        trace: Trace | None = None,
        payload: Any = None,
    ) -> Run:
        """The queued run, in the trace of whoever asked for it; ScheduleNotFound, VersionMismatch, Forbidden."""
        authorise_schedule(principal, Permission.TRIGGER_SCHEDULES, self._schedules, schedule_id)
        head = live_head(self._schedules, schedule_id)
        if expected_version is not None and head.head_version != expected_version:
            raise VersionMismatch
        now = self._clock.now()
        run = queued(
            RunId.of_trigger(schedule_id, now, self._chance.token()[:8], has_payload=payload is not None),
            head.generation,
            Origin.MANUAL,
            fire_at=now,
            now=now,
            message=f"triggered by {principal.name}",
        )
        run = replace(run, given_trace=trace)
        # Before the row: a run that is to read it must never find it missing.
        if run.run_id.payload is not None:
            self._outputs.keep(replace(run, run_id=run.run_id.payload), payload, now)
        audit = self._journal.entry(
            principal, "schedule.trigger", f"schedule:{schedule_id}", now, after={"run_id": str(run.run_id)}
        )
        self._enqueue(run, audit, min_revision=head.revision)
        return run
