"""Finds runs over all schedules: what failed lately, and what is unfinished."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from carillon.domain.access import Principal
from carillon.domain.run import Run
from carillon.domain.run_id import RunId
from carillon.domain.run_query import RunQuery
from carillon.domain.scope import Subject
from carillon.domain.workflow.tasks import BELOW
from carillon.ports.pages import Page
from carillon.ports.runs import RunStates, RunStore
from carillon.ports.schedules import ScheduleStore
from carillon.services.authorise import Permission, subject_of, visible
from carillon.services.walk_shards import walk_shards

MAX_ROUNDS: Final = 10
"""How often one page looks further where it meets steps, or runs that its reader may not see."""


@dataclass(frozen=True, slots=True)
class FindRuns:
    """The reading side of the indexes over runs."""

    schedules: ScheduleStore
    runs: RunStore
    states: RunStates
    shards: int

    def __call__(
        self, principal: Principal, query: RunQuery, limit: int, start: Mapping[str, Any] | None
    ) -> Page[Run]:
        """Up to `limit` top-level runs, shard by shard: failed ones newest first, unfinished ones by what is next.

        A page can be shorter, even empty, and the list still go on.
        """
        is_visible = visible(principal, Permission.READ_RUNS)
        found: list[Run] = []
        for _ in range(MAX_ROUNDS):
            ids, start = walk_shards(self.shards, limit - len(found), start, partial(self._page, query))
            rows = self.runs.get_many(ids) if ids else ()
            wanted = [run for run in rows if run.state in query.states and run.origin not in BELOW]
            found += self._seen(wanted, is_visible)
            if start is None or len(found) >= limit:
                break
        return Page(tuple(found), start)

    def _seen(self, runs: Sequence[Run], is_visible: Callable[[Subject], bool]) -> list[Run]:
        names = list(dict.fromkeys(run.run_id.schedule_id for run in runs))
        heads = self.schedules.heads(names) if names else {}
        may_see = {
            name: is_visible(subject_of(heads[name]) if name in heads else Subject(name)) for name in names
        }
        return [run for run in runs if may_see[run.run_id.schedule_id]]

    def _page(self, query: RunQuery, shard: int, limit: int, key: Mapping[str, Any] | None) -> Page[RunId]:
        if query.is_unfinished:
            return self.states.unfinished(shard, limit, key)
        return self.runs.failed_since(shard, query.since, limit, key)
