"""The tick: finds due schedules, claims their fire times ahead of time, sends them, and looks after stragglers.

Work is O(due). Everything a tick leaves undone is still in the due or wake index, so the next tick is its retry.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Final

from carillon.domain.calendars import Calendars
from carillon.domain.claim import Claim
from carillon.domain.errors import Throttled, Unavailable
from carillon.domain.missed import MAX_LISTED
from carillon.domain.plan import Plan, broken, plan
from carillon.domain.plan_claim import after_claim, claim_of
from carillon.domain.run import RunState
from carillon.domain.schedule import Schedule, ScheduleState
from carillon.ports.schedules import BrokenRow, ScheduleStore
from carillon.ports.world import Clock, Concurrently, Log
from carillon.services.calendar_reader import CalendarReader
from carillon.services.claim import Claimer, ClaimReport, in_batches
from carillon.services.sweep import Sweep, SweepReport

HORIZON: Final = timedelta(seconds=180)
"""60 s of period, 60 because EventBridge Scheduler fires anywhere within its minute, 60 for work and a missed tick."""

MAX_ROUNDS: Final = 4
"""How often one tick returns to a schedule with more fire times up to the horizon than one claim can hold."""

LISTED_PER_TICK: Final = 20_000
"""Rows of missed fire times that one tick writes one by one; behind that a missed stretch is one row, however short."""


@dataclass(frozen=True, slots=True)
class TickReport:
    """What one tick did, in counts; `postponed` and `unsent` are left to the next tick, as is all of `unreached`.

    `lag_seconds` is how far the earliest due moment lay in the past when it was found: 0 where all is claimed ahead.
    """

    due: int = 0
    runs: int = 0
    skipped: int = 0
    broken: int = 0
    lost: int = 0
    postponed: int = 0
    unsent: int = 0
    backfilled: int = 0
    unreached: int = 0
    lag_seconds: int = 0
    swept: SweepReport = field(default_factory=SweepReport)

    def __add__(self, other: "TickReport") -> "TickReport":
        added = TickReport(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))
        return replace(added, lag_seconds=max(self.lag_seconds, other.lag_seconds))


class Tick:
    """One tick over a range of shards."""

    def __init__(
        self,
        schedules: ScheduleStore,
        claimer: Claimer,
        sweep: Sweep,
        clock: Clock,
        concurrently: Concurrently,
        log: Log,
    ) -> None:
        self._schedules = schedules
        self._claimer = claimer
        self._sweep = sweep
        self._clock = clock
        self._concurrently = concurrently
        self._log = log

    def run(self, shards: Iterable[int]) -> TickReport:
        """Claims and sends what is due in these shards, then sweeps them; one that refuses holds up no other."""
        report, calendars = TickReport(), CalendarReader(self._schedules)
        for shard in shards:
            horizon = self._clock.now() + HORIZON
            try:
                for page in self._schedules.due_before(shard, horizon):
                    listed = MAX_LISTED if report.skipped < LISTED_PER_TICK else 1
                    report += self._page(page, horizon, calendars, listed)
            except (Throttled, Unavailable) as error:
                report += self._unreached(shard, "claimed", error)
            try:
                report += TickReport(swept=self._sweep.run(shard))
            except (Throttled, Unavailable) as error:
                report += self._unreached(shard, "swept", error)
        return report

    def _unreached(self, shard: int, what: str, error: Throttled | Unavailable) -> TickReport:
        self._log("shard_unreached", f"A shard was not wholly {what}.", shard=shard, why=str(error))
        return TickReport(unreached=1)

    def _page(
        self, page: Sequence[Schedule | BrokenRow], horizon: datetime, calendars: CalendarReader, listed: int
    ) -> TickReport:
        report = TickReport(due=len(page), broken=self._mark_unreadable(page))
        due = [row for row in page if isinstance(row, Schedule)]
        report += TickReport(lag_seconds=_lag(due, self._clock.now()))
        try:
            named = calendars.of(due)
        except (Throttled, Unavailable) as error:
            # Without its calendars a schedule might fire on a day that is left out: it waits for the next tick.
            self._log("calendars_unread", "Calendars cannot be read now.", why=str(error))
            report += TickReport(postponed=sum(bool(schedule.timetable.calendars) for schedule in due))
            due, named = [schedule for schedule in due if not schedule.timetable.calendars], {}
        for _ in range(MAX_ROUNDS):
            if not due:
                break
            written, counts = self._round(due, horizon, named, listed)
            report += counts
            due = _with_more(written, horizon)
        return report

    def _mark_unreadable(self, page: Sequence[Schedule | BrokenRow]) -> int:
        unreadable = [row for row in page if isinstance(row, BrokenRow)]
        for row in unreadable:
            self._log(
                "schedule_broken",
                "A schedule's row cannot be read.",
                schedule_id=row.schedule_id,
                why=row.reason,
            )
            self._schedules.mark_broken(row, self._clock.now())
        return len(unreadable)

    def _round(
        self, due: Sequence[Schedule], horizon: datetime, calendars: Calendars, listed: int
    ) -> tuple[list[Claim], TickReport]:
        now = self._clock.now()
        plans = (self._plan(schedule, now, horizon, calendars, listed) for schedule in due)
        claims = [claim_of(made, now) for made in plans]
        reports = list(self._concurrently(self._claimer.claim_and_send, in_batches(claims)))
        written = [claim for report in reports for claim in report.written]
        return written, _counts(written, reports)

    def _plan(
        self, schedule: Schedule, now: datetime, horizon: datetime, calendars: Calendars, listed: int
    ) -> Plan:
        try:
            made = plan(schedule, now, horizon, calendars, listed)
        except Exception as error:  # noqa: BLE001 - the edge of one schedule: whatever it is, the others go on
            made = broken(schedule, f"its fire times cannot be told: {error!r}")
        if made.state is ScheduleState.BROKEN:
            self._log(
                "schedule_broken", "A schedule is broken.", schedule_id=schedule.schedule_id, why=made.reason
            )
        return made


def _lag(due: Iterable[Schedule], now: datetime) -> int:
    return max(
        (int((now - head.due_at).total_seconds()) for head in due if head.due_at and head.due_at < now),
        default=0,
    )


def _with_more(written: Iterable[Claim], horizon: datetime) -> list[Schedule]:
    return [after_claim(claim) for claim in written if claim.due_at is not None and claim.due_at <= horizon]


def _counts(written: Sequence[Claim], reports: Sequence[ClaimReport]) -> TickReport:
    runs = [run for claim in written for run in claim.runs]
    queued = sum(run.state is RunState.QUEUED for run in runs)
    return TickReport(
        runs=queued,
        skipped=len(runs) - queued,
        broken=sum(claim.state is ScheduleState.BROKEN for claim in written),
        lost=sum(report.lost for report in reports),
        postponed=sum(report.postponed for report in reports),
        unsent=sum(report.unsent for report in reports),
    )
