"""Looks ahead: in a timetable that somebody is still writing, or in that of a saved schedule."""

from typing import Any

from carillon.domain.access import Principal
from carillon.domain.preview_document import PreviewRequest, look_ahead, preview_document
from carillon.domain.schedule import ScheduleState
from carillon.ports import Clock, ScheduleStore
from carillon.services.authorise import Permission, authorise_schedule, visible
from carillon.services.operator_write import live_head


class PreviewTimetable:
    """Fire times beforehand, each with what a change of clocks makes of it."""

    def __init__(self, schedules: ScheduleStore, clock: Clock) -> None:
        self._schedules = schedules
        self._clock = clock

    def __call__(self, principal: Principal, request: PreviewRequest) -> dict[str, Any]:
        """The document of a preview; Forbidden."""
        visible(principal, Permission.READ_SCHEDULES)
        return preview_document(request.spec, look_ahead(request))

    def of_schedule(self, principal: Principal, schedule_id: str, count: int) -> dict[str, Any]:
        """The same for a saved schedule from now on, with its state; one that does not fire has no entries.

        ScheduleNotFound, Forbidden, InvalidExpression where its timetable can no longer be read.
        """
        authorise_schedule(principal, Permission.READ_SCHEDULES, self._schedules, schedule_id)
        head = live_head(self._schedules, schedule_id)
        request = PreviewRequest(head.timetable, self._clock.now(), count)
        entries = look_ahead(request) if head.state is ScheduleState.ACTIVE else ()
        return {"state": str(head.state), **preview_document(head.timetable, entries)}
