"""Reads runs: one with its story, or a schedule's runs, newest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from carillon.domain.access import Principal
from carillon.domain.errors import MalformedRow, RevisionNotFound, RunNotFound
from carillon.domain.job import Job
from carillon.domain.run import Run
from carillon.domain.run_id import RunId
from carillon.domain.run_log import RunLog
from carillon.domain.workflow.tasks import BELOW, task_of
from carillon.domain.workflow.tree import Tree
from carillon.ports.pages import Page
from carillon.ports.runs import OutputStore, RunLogStore, RunStore
from carillon.ports.schedules import ScheduleStore
from carillon.services.authorise import Permission, authorise_schedule
from carillon.services.operator_write import live_head
from carillon.services.read_archived import ReadArchived

MAX_READS: Final = 20
"""How often a page reads on where it meets nothing but steps."""


@dataclass(frozen=True, slots=True)
class RunView:
    """A run with what is below it, the job it pinned if it has begun, and whether its row has expired."""

    tree: Tree
    job: Job | None
    is_archived: bool = False


@dataclass(frozen=True, slots=True)
class ReadRuns:
    """The reading side of the runs."""

    schedules: ScheduleStore
    runs: RunStore
    outputs: OutputStore
    logs: RunLogStore
    archived: ReadArchived

    def one(self, principal: Principal, run_id: str) -> Run:
        """The run with this id, also of a schedule that is deleted; RunNotFound."""
        parsed = RunId.parse(run_id)
        authorise_schedule(principal, Permission.READ_RUNS, self.schedules, parsed.schedule_id)
        run = self.runs.get(parsed)
        if run is None:
            raise _none_such(parsed)
        return run

    def view(self, principal: Principal, run_id: str) -> RunView:
        """The run with everything below it; of a step, the step alone. RunNotFound, ArchiveTooLarge."""
        parsed = RunId.parse(run_id)
        authorise_schedule(principal, Permission.READ_RUNS, self.schedules, parsed.schedule_id)
        top = self.runs.get(parsed)
        rows = self.archived(parsed) if top is None else ()
        top = top or next((run for run in rows if run.run_id == parsed), None)
        if top is None:
            raise _none_such(parsed)
        tree = None
        if top.origin not in BELOW:
            tree = Tree.of(rows or self.runs.tree(parsed))
        return RunView(tree or Tree(top, {}), self._job(top), bool(rows))

    def _job(self, top: Run) -> Job | None:
        if top.revision is None:
            return None
        try:
            return task_of(self.schedules.revision(top.run_id.schedule_id, top.revision).job, top)
        except (RevisionNotFound, MalformedRow, KeyError, ValueError):
            return None

    def output(self, principal: Principal, run_id: str) -> Any:
        """What the run put out; RunNotFound, OutputNotFound."""
        return self.outputs.read(self.one(principal, run_id))

    def log(self, principal: Principal, run_id: str, attempt: int | None = None) -> tuple[RunLog, int]:
        """What an attempt wrote, the latest unless told, also while it runs; and which that is. RunNotFound."""
        run = self.one(principal, run_id)
        wanted = run.attempt if attempt is None else attempt
        return self.logs.read(run, wanted), wanted

    def of_schedule(
        self, principal: Principal, schedule_id: str, limit: int, start: Mapping[str, Any] | None
    ) -> Page[Run]:
        """A page of a schedule's runs without their steps, which may leave it short; ScheduleNotFound."""
        authorise_schedule(principal, Permission.READ_RUNS, self.schedules, schedule_id)
        live_head(self.schedules, schedule_id)
        found: list[Run] = []
        for _ in range(MAX_READS):
            page = self.runs.of_schedule(schedule_id, limit - len(found), start)
            found += [run for run in page.items if run.origin not in BELOW]
            start = page.next_key
            if start is None or len(found) >= limit:
                break
        return Page(tuple(found), start)


def _none_such(run_id: RunId) -> RunNotFound:
    return RunNotFound(f"There is no run {run_id}.")
