"""Reads the hourly counts: of one schedule, or of all together from the overview's few rows."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from carillon.domain.access import Principal
from carillon.domain.moments import to_rfc3339
from carillon.domain.scope import Subject
from carillon.domain.stats import OVERVIEW_LANES, hour_of, overview_owner
from carillon.domain.stats_document import hours_document, latest_document, stats_range
from carillon.ports.progress import StatsStore
from carillon.ports.schedules import ScheduleStore
from carillon.ports.world import Clock
from carillon.services.authorise import Permission, authorise, authorise_schedule
from carillon.services.operator_write import live_head

_ROWS_OF_A_DAY: Final = 24


@dataclass(frozen=True, slots=True)
class ReadStats:
    """The reading side of the counts."""

    schedules: ScheduleStore
    stats: StatsStore
    clock: Clock

    def of_schedule(
        self, principal: Principal, schedule_id: str, first: datetime | None, last: datetime | None
    ) -> dict[str, Any]:
        """A schedule's counts by hour; ScheduleNotFound, InvalidInput for a range that is none or too long."""
        authorise_schedule(principal, Permission.READ_SCHEDULES, self.schedules, schedule_id)
        live_head(self.schedules, schedule_id)
        begin, end = stats_range(first, last, self.clock.now())
        rows = self.stats.between(schedule_id, begin, end)
        return {"schedule_id": schedule_id, **_span(begin, end), **hours_document(rows)}

    def overview(self, principal: Principal, hours: int) -> dict[str, Any]:
        """The counts of all schedules for the present hour and those before it, one Query for each lane."""
        authorise(principal, Permission.READ_SCHEDULES, Subject("*"))
        end = hour_of(self.clock.now())
        begin = end - timedelta(hours=hours - 1)
        lanes = map(overview_owner, range(OVERVIEW_LANES))
        rows = [row for lane in lanes for row in self.stats.between(lane, begin, end)]
        return {**_span(begin, end), **hours_document(rows)}

    def latest(self, schedule_id: str) -> dict[str, Any]:
        """What a schedule's own answer includes on demand; whoever asks has read the schedule."""
        return latest_document(self.stats.latest(schedule_id, _ROWS_OF_A_DAY), self.clock.now())


def _span(begin: datetime, end: datetime) -> dict[str, str]:
    return {"from": to_rfc3339(begin), "to": to_rfc3339(end)}
