"""Pauses a schedule: no first attempt of one of its fire times starts after the answer."""

from datetime import datetime
from typing import Any, Final

from carillon.domain.access import Principal
from carillon.domain.head_changes import pause
from carillon.domain.moments import to_rfc3339
from carillon.domain.run import Origin
from carillon.domain.schedule import Schedule, ScheduleState
from carillon.ports.schedules import Change, ScheduleStore
from carillon.ports.world import Clock
from carillon.services.authorise import Permission, authorise_schedule
from carillon.services.end_queued import EndQueued
from carillon.services.journal import Journal
from carillon.services.operator_write import OperatorWrite

ITSELF: Final = Principal("carillon", ("operator",), source="alerts", method="rule")
"""Who pauses a schedule after too many failures in a row."""


class PauseSchedule:
    """Head first, then the queued runs whose time has come, then the answer."""

    def __init__(
        self, schedules: ScheduleStore, clock: Clock, journal: Journal, end_queued: EndQueued
    ) -> None:
        self._schedules = schedules
        self._write = OperatorWrite(schedules)
        self._clock = clock
        self._journal = journal
        self._end_queued = end_queued

    def __call__(
        self,
        principal: Principal,
        schedule_id: str,
        expected_version: int | None = None,
        until: datetime | None = None,
    ) -> Schedule:
        """The paused head, the same one when it was so already; ScheduleNotFound, WrongState, InvalidInput.

        `until` is when a tick resumes it.
        """
        authorise_schedule(principal, Permission.PAUSE_SCHEDULES, self._schedules, schedule_id)
        now = self._clock.now()

        def decide(head: Schedule) -> Change | None:
            ahead = head.state is ScheduleState.ENDED and bool(self._end_queued.ahead(head))
            changed = pause(head, now, principal.name, until=until, claimed_ahead=ahead)
            if changed is None:
                return None
            audit = self._journal.entry(
                principal,
                "schedule.pause",
                f"schedule:{schedule_id}",
                now,
                before={"state": str(head.state)},
                after={"state": str(changed.after.state), **_shown(until)},
            )
            return Change(head, changed.after, audit)

        head, _ = self._write(schedule_id, expected_version, decide)
        # Also when it was paused already: an earlier pause may have died between its two steps.
        message = "the schedule was paused before this run started"
        self._end_queued(head, lambda run: run.origin is Origin.FIRE, "paused", message)
        return head


def _shown(until: datetime | None) -> dict[str, Any]:
    return {} if until is None else {"paused_until": to_rfc3339(until)}
