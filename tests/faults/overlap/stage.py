"""One schedule with an overlap policy, its queued runs, and the real services that look after them."""

from datetime import timedelta
from types import SimpleNamespace

from carillon.domain.dispatch import Dispatch
from carillon.domain.job import Job, Retry, Revision
from carillon.domain.new_run import queued
from carillon.domain.outcome import Outcome, OutcomeKind
from carillon.domain.run import Origin, RunState
from carillon.domain.run_id import RunId
from carillon.domain.schedule import Misfire, Schedule, TimetableSpec
from carillon.services.attempt import Attempt
from carillon.services.ended import build_ended
from carillon.services.execute import Execute
from carillon.services.sweep import Sweep
from carillon.services.turn import build_turn
from tests.fakes.clock import FakeClock
from tests.fakes.log import RecordedLog
from tests.fakes.memory import MemoryDatabase, MemoryQueue, MemoryRuns, MemorySchedules, MemorySlots
from tests.fakes.sealing import ClearMessages
from tests.faults.overlap.interleave import Stepped, Tables, Tape

MINUTE = timedelta(minutes=1)
LEASE = timedelta(seconds=20)
STARTED = frozenset({RunState.RUNNING, RunState.RETRYING, RunState.WAITING, RunState.COMPENSATING})
MAX_ROUNDS = 40


class Done:
    """A target that succeeds."""

    def execute(self, call):
        return Outcome(OutcomeKind.SUCCESS, "done")


class Counter:
    """Chance that counts, so that an actor run again says the same."""

    def __init__(self, actor):
        self._actor = actor
        self._tokens = 0

    def token(self):
        self._tokens += 1
        return f"{self._actor}-{self._tokens}"

    def share(self):
        return 0.5


class Stage:
    """The stores, put to any moment; every actor's clock shows the same second, past each run's first wake_at."""

    def __init__(self, policies, retry, slots=MemorySlots):
        self._slots = slots
        clock = FakeClock()
        self.first = clock.now() - 3 * MINUTE
        self.now = clock.now() + timedelta(seconds=70)
        self.database = MemoryDatabase()
        self.queue = MemoryQueue()
        self.policies = policies
        head = Schedule(
            schedule_id="etl",
            timetable=TimetableSpec("* * * * *", anchor=self.first),
            policies=policies,
            created_at=self.first,
            updated_at=self.first,
        )
        job = Job({"kind": "http", "url": "https://example.com/"}, 10, retry)
        self.database.heads["etl"] = head
        self.database.revisions["etl", 1] = Revision("etl", 1, 1, {}, job, 0, "ops")

    def run(self, number):
        """The queued run of the fire time `number` minutes after the first."""
        fire_at = self.first + number * MINUTE
        run_id = RunId.of_fire_time("etl", fire_at)
        return queued(run_id, 1, Origin.FIRE, fire_at=fire_at, now=fire_at, message="claimed")

    def message(self, number):
        return Dispatch.for_next_attempt(self.run(number)).encode()

    def begin(self, *runs, slot=None):
        """The tables with these rows, nothing sent."""
        self.database.runs = {run.run_id: run for run in runs}
        self.database.slots = {"etl": slot} if slot else {}
        self.queue.sent = []
        return self.tables()

    def tables(self):
        runs = tuple(sorted(self.database.runs.items()))
        sent = tuple(sorted({(sent.dispatch.run_id, sent.dispatch.attempt) for sent in self.queue.sent}))
        return Tables(runs, tuple(self.database.slots.items()), sent)

    def put(self, tables):
        self.database.runs, self.database.slots = dict(tables.runs), dict(tables.slots)
        self.queue.sent = []
        self.queue.send([Dispatch(run_id, attempt, self.first) for run_id, attempt in tables.sent], self.now)

    def cast(self, tape, number, clock=None):
        """The services of one actor; reads of the head are no steps, for nobody writes it here."""
        clock, chance, log = clock or FakeClock(self.now), Counter(number), RecordedLog()
        schedules = MemorySchedules(self.database)
        runs, slots, queue = (
            Stepped(store, tape)
            for store in (MemoryRuns(self.database), self._slots(self.database), self.queue)
        )
        ended = build_ended(slots, queue, clock, chance, log)
        turn = build_turn(runs, slots, queue, ended, clock, chance)
        attempt = Attempt(schedules, {"http": Done()}, clock, log)
        return SimpleNamespace(
            clock=clock,
            worker=Execute(ClearMessages(), runs, attempt, turn, ended, queue, clock, chance, log),
            sweep=Sweep(schedules, runs, ended, queue, clock, chance, map, log),
        )

    def settle(self, tables, check):
        """Faults are over: messages are delivered and ticks sweep until every run has ended; the last rows."""
        self.put(tables)
        clock, tape = FakeClock(self.now), _Free(lambda: check(self.tables()))
        cast = self.cast(tape, 99, clock)
        for _ in range(MAX_ROUNDS):
            messages, self.queue.sent = sorted(self.queue.sent, key=lambda sent: sent.dispatch.run_id), []
            for sent in messages:
                cast.worker.execute(sent.body, clock.now() + LEASE)
            if all(run.state.is_terminal for run in self.database.runs.values()) and not self.queue.sent:
                return self.database.runs
            clock.advance(30)
            cast.sweep.run(0)
        raise AssertionError(f"after {MAX_ROUNDS} rounds some run is not over: {self.database.runs}")


class _Free(Tape):
    """No steps: every call is carried out and looked at."""

    def __init__(self, look):
        super().__init__()
        self._look = look

    def call(self, work):
        answer = work()
        self._look()
        return answer


def work(body):
    """An actor's script: one message."""
    return lambda cast: cast.worker.execute(body, cast.clock.now() + LEASE)


def sweep(cast):
    """An actor's script: one sweep."""
    cast.sweep.run(0)


GRACE = Misfire(grace_seconds=3600)
NO_RETRY, ONE_RETRY = Retry(max_attempts=1), Retry(max_attempts=2, base_seconds=1.0)
