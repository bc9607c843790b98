"""Reads runs: one with its story, or a schedule's runs, newest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from carillon.domain.access import Principal
from carillon.domain.errors import RunNotFound
from carillon.domain.run import Run
from carillon.domain.run_id import RunId
from carillon.ports import OutputStore, Page, RunStore, ScheduleStore
from carillon.services.authorise import Permission, authorise_schedule
from carillon.services.operator_write import live_head


@dataclass(frozen=True, slots=True)
class ReadRuns:
    """The reading side of the runs."""

    schedules: ScheduleStore
    runs: RunStore
    outputs: OutputStore

    def one(self, principal: Principal, run_id: str) -> Run:
        """The run with this id, also of a schedule that is deleted; RunNotFound."""
        parsed = RunId.parse(run_id)
        authorise_schedule(principal, Permission.READ_RUNS, self.schedules, parsed.schedule_id)
        run = self.runs.get(parsed)
        if run is None:
            raise RunNotFound(f"There is no run {parsed}.")
        return run

    def output(self, principal: Principal, run_id: str) -> Any:
        """What the run put out; RunNotFound, OutputNotFound."""
        return self.outputs.read(self.one(principal, run_id))

    def of_schedule(
        self, principal: Principal, schedule_id: str, limit: int, start: Mapping[str, Any] | None
    ) -> Page[Run]:
        """A page of a schedule's runs; ScheduleNotFound."""
        authorise_schedule(principal, Permission.READ_RUNS, self.schedules, schedule_id)
        live_head(self.schedules, schedule_id)
        return self.runs.of_schedule(schedule_id, limit, start)
