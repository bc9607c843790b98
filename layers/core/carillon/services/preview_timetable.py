"""Looks ahead: in a timetable that somebody is still writing, or in that of a saved schedule."""

from datetime import datetime
from typing import Any

from carillon.domain.access import Principal
from carillon.domain.calendars import exclusions_of
from carillon.domain.looking_ahead import look_ahead, look_ahead_of
from carillon.domain.preview_document import PreviewRequest, preview_document
from carillon.domain.schedule import Schedule, ScheduleState
from carillon.ports.schedules import ScheduleStore
from carillon.ports.world import Clock
from carillon.services.authorise import Permission, authorise_schedule, visible
from carillon.services.operator_write import live_head


class PreviewTimetable:
    """Fire times beforehand, each with what moves it or leaves it out."""

    def __init__(self, schedules: ScheduleStore, clock: Clock) -> None:
        self._schedules = schedules
        self._clock = clock

    def __call__(self, principal: Principal, request: PreviewRequest) -> dict[str, Any]:
        """The document of a preview; Forbidden, MissingCalendar."""
        visible(principal, Permission.READ_SCHEDULES)
        spec = request.spec
        exclusions = exclusions_of(spec, self._schedules.calendars(spec.calendars))
        return preview_document(spec, look_ahead(spec, request.moment, request.count, exclusions))

    def of_schedule(self, principal: Principal, schedule_id: str, count: int) -> dict[str, Any]:
        """The same for a saved schedule, from now or the end of its pause, with its state.

        ScheduleNotFound, Forbidden, InvalidExpression where its timetable can no longer be read.
        """
        authorise_schedule(principal, Permission.READ_SCHEDULES, self._schedules, schedule_id)
        head = live_head(self._schedules, schedule_id)
        spec = head.timetable
        exclusions = exclusions_of(spec, self._schedules.calendars(spec.calendars))
        start = _firing_from(head, self._clock.now())
        entries = () if start is None else look_ahead_of(head, start, count, exclusions)
        return {"state": str(head.state), **preview_document(spec, entries)}


def _firing_from(head: Schedule, now: datetime) -> datetime | None:
    """From when on the schedule fires: now, or the end of its pause; None while it does not."""
    if head.timetable.after is not None:
        return None
    if head.state is ScheduleState.PAUSED and head.paused_until is not None:
        return max(now, head.paused_until)
    return now if head.state is ScheduleState.ACTIVE else None
