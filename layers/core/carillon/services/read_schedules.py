"""Reads schedules: one with its definition, or a page of all, walked shard by shard through the catalog."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from carillon.domain.access import Principal
from carillon.domain.job import Revision
from carillon.domain.schedule import Schedule, ScheduleState
from carillon.domain.schedule_query import ScheduleQuery
from carillon.ports.pages import Page
from carillon.ports.schedules import ScheduleStore
from carillon.services.authorise import Permission, authorise_schedule, subject_of, visible
from carillon.services.operator_write import live_head
from carillon.services.walk_shards import walk_shards

FIRST: Final = 100
EVER: Final = timedelta(days=366 * 200)
MAX_ROUNDS: Final = 10
"""How often one page looks further for schedules that its reader may see."""


@dataclass(frozen=True, slots=True)
class ReadSchedules:
    """The reading side of the schedules."""

    schedules: ScheduleStore
    shards: int

    def one(self, principal: Principal, schedule_id: str) -> tuple[Schedule, Revision]:
        """The head and the revision it points at; ScheduleNotFound."""
        authorise_schedule(principal, Permission.READ_SCHEDULES, self.schedules, schedule_id)
        head = live_head(self.schedules, schedule_id)
        return head, self.schedules.revision(schedule_id, head.revision)

    def revisions(
        self, principal: Principal, schedule_id: str, limit: int, start: Mapping[str, Any] | None
    ) -> Page[Revision]:
        """A page of the schedule's revisions, newest first; ScheduleNotFound."""
        authorise_schedule(principal, Permission.READ_SCHEDULES, self.schedules, schedule_id)
        live_head(self.schedules, schedule_id)
        return self.schedules.revisions(schedule_id, limit, start)

    def revision(self, principal: Principal, schedule_id: str, number: int) -> Revision:
        """One revision, also of a schedule that is deleted; RevisionNotFound."""
        authorise_schedule(principal, Permission.READ_SCHEDULES, self.schedules, schedule_id)
        return self.schedules.revision(schedule_id, number)

    def page(
        self,
        principal: Principal,
        limit: int,
        start: Mapping[str, Any] | None,
        query: ScheduleQuery = ScheduleQuery(),  # noqa: B008 - frozen
    ) -> Page[Schedule]:
        """Up to `limit` heads, in id order within each shard; `next_key` holds a shard and its store's key.

        Only what is wanted and the principal may read; a page can be shorter for it, even empty, and the list go on.
        """
        is_visible = visible(principal, Permission.READ_SCHEDULES)
        found: list[Schedule] = []
        for _ in range(MAX_ROUNDS):
            ids, start = walk_shards(self.shards, limit - len(found), start, self.schedules.page)
            heads = self.schedules.heads(ids) if ids else {}
            live = (heads[schedule_id] for schedule_id in ids if schedule_id in heads)
            wanted = (h for h in live if h.state is not ScheduleState.DELETED and query.matches(h))
            found += [head for head in wanted if is_visible(subject_of(head))]
            if start is None or len(found) >= limit:
                break
        return Page(tuple(found), start)

    def next_to_fire(
        self, principal: Principal, limit: int, query: ScheduleQuery, now: datetime
    ) -> Page[Schedule]:
        """Up to `limit` active heads by their next fire time: of a hundred that come first, those that are wanted."""
        is_visible = visible(principal, Permission.READ_SCHEDULES)
        pages = (
            next(self.schedules.due_before(shard, now + EVER, FIRST), ()) for shard in range(self.shards)
        )
        due = [row for page in pages for row in page if isinstance(row, Schedule) and row.due_at is not None]
        first = sorted(due, key=lambda head: (head.due_at, head.schedule_id))[:FIRST]
        heads = self.schedules.heads([head.schedule_id for head in first]) if first else {}
        active = [
            head
            for head in heads.values()
            if head.state is ScheduleState.ACTIVE and query.matches(head) and is_visible(subject_of(head))
        ]
        coming = [(head.next_fire_at, head) for head in active if head.next_fire_at is not None]
        return Page(tuple(head for _, head in sorted(coming, key=lambda each: each[0])[:limit]), None)
