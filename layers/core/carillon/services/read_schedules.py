"""Reads schedules: one with its definition, or a page of all, walked shard by shard through the catalog."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from carillon.domain.access import Principal
from carillon.domain.job import Revision
from carillon.domain.schedule import Schedule, ScheduleState
from carillon.ports import Page, ScheduleStore
from carillon.services.authorise import Permission, authorise
from carillon.services.operator_write import live_head


@dataclass(frozen=True, slots=True)
class ReadSchedules:
    """The reading side of the schedules."""

    schedules: ScheduleStore
    shards: int

    def one(self, principal: Principal, schedule_id: str) -> tuple[Schedule, Revision]:
        """The head and the revision it points at; ScheduleNotFound."""
        authorise(principal, Permission.READ_SCHEDULES, schedule_id)
        head = live_head(self.schedules, schedule_id)
        return head, self.schedules.revision(schedule_id, head.revision)

    def page(self, principal: Principal, limit: int, start: Mapping[str, Any] | None) -> Page[Schedule]:
        """Up to `limit` heads, in id order within each shard; `next_key` holds a shard and its store's key."""
        authorise(principal, Permission.READ_SCHEDULES)
        ids, next_key = self._ids(limit, start)
        heads = self.schedules.heads(ids) if ids else {}
        found = (heads[schedule_id] for schedule_id in ids if schedule_id in heads)
        return Page(tuple(head for head in found if head.state is not ScheduleState.DELETED), next_key)

    def _ids(self, limit: int, start: Mapping[str, Any] | None) -> tuple[list[str], Mapping[str, Any] | None]:
        shard, key = (start["shard"], start["key"]) if start else (0, None)
        ids: list[str] = []
        while shard < self.shards:
            page = self.schedules.page(shard, limit - len(ids), key)
            ids.extend(page.items)
            key = page.next_key
            if key is None:
                shard += 1
            if len(ids) >= limit:
                break
        is_last = shard >= self.shards
        return ids, None if is_last else {"shard": shard, "key": key}
