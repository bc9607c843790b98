"""The campaign: a tick, three days of nothing, ticks again; every fire time must be accounted for by its policy."""

from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import accumulate, pairwise

from carillon.domain import cron_dates, timetable
from carillon.domain.calendars import Calendar
from carillon.domain.catch_up import PACE
from carillon.domain.jitter import jittered
from carillon.domain.run import Origin, RunState
from carillon.domain.schedule import CatchUp, Misfire, Policies, Schedule, TimetableSpec
from carillon.services.claim import Claimer
from carillon.services.sweep import SweepReport
from carillon.services.tick import HORIZON, Tick
from tests.fakes.clock import FakeChance, FakeClock
from tests.fakes.database import MemoryDatabase
from tests.fakes.log import RecordedLog
from tests.fakes.recorders import MemoryQueue
from tests.fakes.schedules import MemorySchedules
from tests.faults.outage.expected import BEGIN, KINDS, fire_times, is_weekend

OUTAGE = timedelta(days=3)
GRACE = timedelta(seconds=300)
MOST = 25
TICKS_AFTER = 4
WEEKENDS = Calendar(name="weekends", weekdays=(5, 6), updated_at=BEGIN)


class NothingToSweep:
    """No worker takes part, so nothing is started and nothing has to be looked after."""

    def run(self, shard):
        return SweepReport()


@dataclass
class Work:
    """What one tick did: `walked` counts fire times that were evaluated, `days` dates that were asked for."""

    name: str
    due: int = 0
    claims: int = 0
    transactions: int = 0
    rows: int = 0
    messages: int = 0
    walked: int = 0
    days: int = 0
    calendar_reads: int = 0


@dataclass
class Outcome:
    """The ticks, what the fire times became, and what is wrong."""

    ticks: list = field(default_factory=list)
    outcomes: Counter = field(default_factory=Counter)
    complaints: list = field(default_factory=list)
    starts_by_minute: Counter = field(default_factory=Counter)

    def starts_by_minute_in_order(self):
        """How many catch-ups may start in each minute after the first tick."""
        return [self.starts_by_minute[minute] for minute in range(max(self.starts_by_minute, default=0) + 1)]


class CountedDatabase(MemoryDatabase):
    """Counts operations."""

    def __init__(self):
        super().__init__()
        self.calls = Counter()

    def before(self, operation):
        self.calls[operation] += 1


class Campaign:
    """One stack of so many schedules."""

    def __init__(self, schedules):
        self.clock, self.database, self.queue = FakeClock(BEGIN), CountedDatabase(), MemoryQueue()
        store = MemorySchedules(self.database)
        claimer = Claimer(store, self.queue, self.clock, FakeChance())
        self.tick = Tick(store, claimer, NothingToSweep(), self.clock, map, RecordedLog())
        self.kinds = dict(map(self._add, range(schedules)))
        self.database.calendars["weekends"] = WEEKENDS
        self.outcome = Outcome()

    def _add(self, number):
        bounds = list(accumulate(kind.share for kind in KINDS))
        kind = next(kind for kind, bound in zip(KINDS, bounds, strict=True) if number % 100 < bound)
        policy = list(CatchUp)[number // 2 % 3]
        spec = TimetableSpec(
            kind.expression,
            kind.zone,
            anchor=BEGIN,
            jitter_seconds=30 if number % 5 == 0 and kind.step >= 60 else 0,
            calendars=("weekends",) if number % 4 == 0 else (),
        )
        schedule_id = f"job-{number:04}"
        first = next(iter(fire_times(kind, BEGIN + timedelta(days=60))), None) if kind.step == 60 else None
        first = first or fire_times(kind, BEGIN + timedelta(hours=1))[0]
        self.database.heads[schedule_id] = Schedule(
            schedule_id=schedule_id,
            timetable=spec,
            policies=Policies(misfire=Misfire(int(GRACE.total_seconds()), policy, MOST)),
            next_fire_at=first,
            due_at=first,
            created_at=BEGIN,
            updated_at=BEGIN,
        )
        return schedule_id, kind

    def run(self):
        self._tick("the last before the outage")
        self.clock.advance((OUTAGE - timedelta(seconds=7)).total_seconds())
        self.back_at = self.clock.now()
        for number in range(1, TICKS_AFTER + 1):
            self._tick(f"{number} after the outage")
            self.clock.advance(60)
        self.clock.advance(-60)
        self._check()
        return self.outcome

    def _tick(self, name):
        before, asked, rows = self.database.calls.copy(), _questions(), len(self.database.runs)
        sent = len(self.queue.sent)
        report = self.tick.run(range(1))
        walked, days = (now - then for now, then in zip(_questions(), asked, strict=True))
        calls = self.database.calls - before
        self.outcome.ticks.append(
            Work(
                name,
                report.due,
                report.runs + report.skipped,
                calls["commit"],
                len(self.database.runs) - rows,
                len(self.queue.sent) - sent,
                walked,
                days,
                calls["calendars"],
            )
        )

    # ---- the account
    def _check(self):
        runs = {}
        for run in self.database.runs.values():
            runs.setdefault(run.run_id.schedule_id, []).append(run)
        for schedule_id, kind in self.kinds.items():
            self._account(self.database.heads[schedule_id], kind, runs.get(schedule_id, []))
        catch_ups = [run for run in self.database.runs.values() if run.origin is Origin.CATCH_UP]
        minute = timedelta(minutes=1)
        self.outcome.starts_by_minute = Counter(
            (run.not_before - self.back_at) // minute for run in catch_ups
        )

    def _account(self, head, kind, runs):
        expected = fire_times(kind, self.clock.now() + HORIZON)
        singles = {run.fire_at: run for run in runs if run.skipped_count is None}
        stretches = [run for run in runs if run.skipped_count is not None]
        self._must(set(singles) <= set(expected), head, "a row of a moment that is no fire time")
        total = len(singles) + sum(run.skipped_count for run in stretches)
        self._must(total == len(expected), head, f"{total} accounted for of {len(expected)}")
        late = self._late(head, expected)
        self._must(set(expected) - set(late) <= set(singles), head, "a live one is missing")
        self._catches_up(head, late, singles)
        for run in stretches:
            self._sums_up(head, run, [at for at in late if at not in singles])
        for run in singles.values():
            self.outcome.outcomes[run.reason or str(run.origin)] += 1
        for run in stretches:
            self.outcome.outcomes[run.reason] += run.skipped_count

    def _late(self, head, expected):
        """Those that were past their grace when the first tick came back, and not claimed before the outage."""
        jitter, grace_over = head.timetable.jitter_seconds, self.back_at - GRACE
        surely = bisect_left(expected, grace_over - timedelta(seconds=jitter))
        perhaps = expected[surely : bisect_left(expected, grace_over)]
        late = [at for at in perhaps if jittered(at, head.schedule_id, jitter) < grace_over]
        return (*expected[bisect_right(expected, BEGIN + HORIZON) : surely], *late)

    def _is_excluded(self, head, at):
        return bool(head.timetable.calendars) and is_weekend(at, head.timetable.zone)

    def _catches_up(self, head, late, singles):
        misfire = head.policies.misfire
        wanted = {CatchUp.NONE: 0, CatchUp.LATEST: 1, CatchUp.ALL: misfire.max_catch_up}[misfire.catch_up]
        free = [at for at in late if not self._is_excluded(head, at)]
        found = sorted(
            (run for run in singles.values() if run.origin is Origin.CATCH_UP), key=lambda run: run.fire_at
        )
        self._must(
            [run.fire_at for run in found] == free[max(0, len(free) - wanted) :], head, "other catch-ups"
        )
        paces = {later.not_before - run.not_before for run, later in pairwise(found)}
        self._must(paces <= {PACE}, head, f"a pace of {paces}")

    def _sums_up(self, head, run, unlisted):
        wanted = run.reason == "excluded"
        covered = [at for at in unlisted if self._is_excluded(head, at) is wanted]
        self._must(run.state is RunState.SKIPPED, head, "a summary that is not skipped")
        self._must(
            (run.skipped_count, all(run.fire_at <= at for at in covered)) == (len(covered), True),
            head,
            f"{run.run_id} counts {run.skipped_count} of {len(covered)}",
        )

    def _must(self, holds, head, complaint):
        if not holds:
            spec = head.timetable
            self.outcome.complaints.append(
                f"{head.schedule_id} ({spec.expression}, {spec.zone}): {complaint}"
            )


def _questions():
    """How often fire times and dates have been asked for so far, cached answers included."""
    caches = (timetable._fire_after.cache_info(), cron_dates.next_day.cache_info())
    return tuple(cache.hits + cache.misses for cache in caches)
