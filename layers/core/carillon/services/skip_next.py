"""Skips the next fire times of a schedule: those claimed ahead end now, the others when they are claimed."""

from dataclasses import dataclass

from carillon.domain.access import Principal
from carillon.domain.head_changes import give_back, skip_next
from carillon.domain.plan import SKIP_NEXT
from carillon.domain.run import Run
from carillon.domain.schedule import Schedule
from carillon.ports.schedules import Change, ScheduleStore
from carillon.ports.world import Clock
from carillon.services.authorise import Permission, authorise_schedule
from carillon.services.end_queued import EndQueued
from carillon.services.journal import Journal
from carillon.services.operator_write import DispatchNow, OperatorWrite


@dataclass(frozen=True, slots=True)
class SkippedAhead:
    """The head with what is left to skip, and the claimed runs that were ended at once."""

    head: Schedule
    runs: tuple[Run, ...]


class SkipNext:
    """Head first, then the claimed rows, then the answer, as a pause does it."""

    def __init__(
        self,
        schedules: ScheduleStore,
        clock: Clock,
        journal: Journal,
        end_queued: EndQueued,
        dispatch_now: DispatchNow,
    ) -> None:
        self._dispatch_now = dispatch_now
        self._schedules = schedules
        self._write = OperatorWrite(schedules)
        self._clock = clock
        self._journal = journal
        self._end_queued = end_queued

    def __call__(
        self, principal: Principal, schedule_id: str, count: int, expected_version: int | None = None
    ) -> SkippedAhead:
        """What was done; ScheduleNotFound, WrongState when nothing is left that could be skipped."""
        authorise_schedule(principal, Permission.SKIP_FIRE_TIMES, self._schedules, schedule_id)
        now = self._clock.now()
        ahead: list[Run] = []

        def decide(head: Schedule) -> Change | None:
            # Read after the head: a claim in between moves next_fire_at, and the write begins again.
            ahead[:] = self._end_queued.ahead(head)[:count]
            changed = skip_next(head, count, now, len(ahead))
            if changed is None:
                return None
            audit = self._journal.entry(
                principal,
                "schedule.skip_next",
                f"schedule:{schedule_id}",
                now,
                before={"skip_next": head.skip_next},
                after={"skip_next": changed.after.skip_next, "runs": [str(run.run_id) for run in ahead]},
            )
            return Change(head, changed.after, audit)

        head, _ = self._write(schedule_id, expected_version, decide)
        ended = self._end_queued.these(ahead, SKIP_NEXT.reason, f"skipped by {principal.name}")
        return SkippedAhead(self._given_back(principal, head, len(ended)), tuple(ended))

    def _given_back(self, principal: Principal, skipped: Schedule, count: int) -> Schedule:
        """After the rows: a crash before it lets fewer run than max_runs allows, never more."""
        if not count or skipped.fires_left is None:
            return skipped

        def decide(head: Schedule) -> Change | None:
            # An edit since then has counted by itself what is claimed.
            is_same = head.head_version == skipped.head_version
            changed = give_back(head, count, self._clock.now()) if is_same else None
            if changed is None:
                return None
            audit = self._journal.entry(
                principal,
                "schedule.skip_next",
                f"schedule:{head.schedule_id}",
                self._clock.now(),
                before={"runs_left": head.fires_left},
                after={"runs_left": changed.after.fires_left},
            )
            return Change(head, changed.after, audit)

        head, is_written = self._write(skipped.schedule_id, None, decide)
        if is_written:
            self._dispatch_now(head)
        return head
