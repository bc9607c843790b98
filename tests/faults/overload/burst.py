"""One burst lived through: ticks ahead of the second, then workers as fast as an event source scales, to the end."""

import random
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from carillon.adapters.pace import Pace
from carillon.adapters.sqs import SqsDispatchQueue
from carillon.domain.errors import Throttled, Unavailable
from carillon.domain.job import Job, Retry, Revision
from carillon.domain.outcome import Outcome, OutcomeKind
from carillon.domain.schedule import Misfire, Policies, Schedule, TimetableSpec
from carillon.services.attempt import Attempt
from carillon.services.claim import Claimer
from carillon.services.ended import build_ended
from carillon.services.execute import Execute
from carillon.services.liveness import Liveness
from carillon.services.spread import SpreadTick
from carillon.services.sweep import Sweep
from carillon.services.tick import Tick
from carillon.services.turn import build_turn
from tests.fakes.clock import FakeChance, FakeClock
from tests.fakes.recorders import RecordedMetrics
from tests.fakes.runs import MemoryRuns
from tests.fakes.sealing import ClearMessages
from tests.fakes.slots import MemorySlots
from tests.faults.overload.aws import BusyDatabase, Odds, PagedSchedules, PartialSqs

AHEAD = timedelta(seconds=170)
TICK = timedelta(seconds=60)
LEASE = timedelta(seconds=20)
LONGEST = timedelta(hours=2)
SHARDS_PER_TICK = 16


@dataclass(frozen=True)
class Pool:
    """How many messages workers take a second: at first, and how many more each second, as SQS's pollers scale."""

    first: int = 50
    more: int = 50

    def in_second(self, second):
        return self.first + max(0, int(second)) * self.more


class Burst:
    """A stack whose schedules are all due in one second, `AHEAD` of now."""

    def __init__(self, schedules, shards, odds=None, pool=None, grace=3600, seed=1):
        odds, chance = odds or Odds(), random.Random(seed)
        self.clock, own_chance = FakeClock(), FakeChance(seed)
        self.fire_at, self.pool = self.clock.now() + AHEAD, pool or Pool()
        self.database = BusyDatabase(shards, odds, chance)
        self._fill(schedules, grace)
        self.schedules, runs = PagedSchedules(self.database), MemoryRuns(self.database)
        self.sqs, messages = PartialSqs(self.clock, odds, chance), ClearMessages()
        pace = Pace(self.clock, own_chance)
        queue = SqsDispatchQueue(self.sqs, "queue", messages, clock=self.clock, pace=pace)
        slots = MemorySlots(self.database)
        ended = build_ended(slots, queue, self.clock, own_chance, self.log)
        claimer = Claimer(self.schedules, queue, self.clock, own_chance)
        sweep = Sweep(self.schedules, runs, ended, queue, self.clock, own_chance, map, self.log)
        tick = Tick(self.schedules, claimer, sweep, self.clock, map, self.log)
        liveness = Liveness(runs, self.clock, RecordedMetrics(), self.log)
        self.spread = SpreadTick(tick, liveness, self, shards, SHARDS_PER_TICK, lambda: 0)
        attempt = Attempt(self.schedules, {"http": self}, self.clock, self.log)
        turn = build_turn(runs, slots, queue, ended, self.clock, own_chance)
        self.execute_message = Execute(
            messages, runs, attempt, turn, ended, queue, self.clock, own_chance, self.log
        ).execute
        self.calls, self.actions, self.handed_out = Counter(), Counter(), []
        self.claimed_by, self.failed_ticks, self.returned = None, 0, 0
        self.earliest = self.clock.now() + LONGEST

    def _fill(self, count, grace):
        policies = Policies(misfire=Misfire(grace_seconds=grace))
        now, fire_at = self.clock.now(), self.fire_at
        spec = TimetableSpec(f"{fire_at.second} {fire_at.minute} {fire_at.hour} * * *", anchor=now)
        job = Job({"kind": "http", "url": "https://example.com/"}, 10, Retry(base_seconds=1))
        for number in range(count):
            name = f"s{number:05}"
            self.database.heads[name] = Schedule(
                schedule_id=name,
                timetable=spec,
                policies=policies,
                next_fire_at=fire_at,
                due_at=fire_at,
                needs_slot=False,
                created_at=now,
                updated_at=now,
            )
            self.database.revisions[name, 1] = Revision(name, 1, 1, {}, job, 0, "ops")

    # ---- the ends of the stack
    def log(self, action, message, **fields):
        self.actions[action] += 1

    def start(self, shards):
        """In place of an invocation of the tick with its own range."""
        self.handed_out.append(shards)

    def execute(self, call):
        """In place of the target."""
        self.calls[call.run_id, call.attempt] += 1
        self.earliest = min(self.earliest, self.clock.now())
        return Outcome(OutcomeKind.SUCCESS, "done")

    # ---- time
    def live(self):
        """Ticks each minute and works each second until every run has ended; the seconds since the fire time."""
        next_tick = self.clock.now()
        while not self._is_over():
            if self.clock.now() >= next_tick:
                next_tick += TICK
                self._tick()
            self._work()
            if self.clock.now() > self.fire_at + LONGEST:
                raise AssertionError(f"unfinished after {LONGEST}: {self.states()}")
            self.clock.advance(1)
        return (self.clock.now() - self.fire_at).total_seconds()

    def _tick(self):
        self.handed_out.clear()
        self._one_tick(None)
        for shards in tuple(self.handed_out):
            self._one_tick([shards.start, shards.stop])
        if self.claimed_by is None and len(self.database.runs) == len(self.database.heads):
            self.claimed_by = self.clock.now()

    def _one_tick(self, own_range):
        try:
            self.spread.run(own_range)
        except (Throttled, Unavailable):
            self.failed_ticks += 1

    def _work(self):
        second = (self.clock.now() - self.fire_at).total_seconds()
        for message in self.sqs.receive(self.pool.in_second(second)):
            try:
                self.execute_message(message[2], self.clock.now() + LEASE)
            except (Throttled, Unavailable):
                self.returned += 1
                self.sqs.give_back(message)

    # ---- what came of it
    def states(self):
        return Counter(str(run.state) for run in self.database.runs.values())

    def _is_over(self):
        runs = self.database.runs
        return len(runs) >= len(self.database.heads) and all(run.state.is_terminal for run in runs.values())
