"""The real services over in-memory stores: a small cloud that stands still until it is told to move."""

from dataclasses import replace
from datetime import timedelta

from carillon.domain.job import Job, Retry, Revision
from carillon.domain.outcome import Outcome, OutcomeKind
from carillon.domain.run_id import RunId
from carillon.domain.schedule import Misfire, Policies, Schedule, TimetableSpec
from carillon.services.attempt import Attempt
from carillon.services.cancel_run import CancelRun
from carillon.services.claim import Claimer
from carillon.services.ended import build_ended
from carillon.services.execute import Execute
from carillon.services.follow_work import FollowWork
from carillon.services.host_gate import HostGate
from carillon.services.liveness import Liveness
from carillon.services.note_completion import NoteCompletion
from carillon.services.sweep import Sweep
from carillon.services.tick import Tick
from carillon.services.turn import build_turn
from carillon.services.wind_up import WindUp
from carillon.services.window import LastSuccess
from carillon.services.workflow import build_advance, build_steps
from tests.fakes.clock import FakeChance, FakeClock
from tests.fakes.database import MemoryDatabase
from tests.fakes.doors import MemoryFacts
from tests.fakes.recorders import MemoryOutputs, MemoryQueue, RecordedMetrics
from tests.fakes.runs import MemoryRuns
from tests.fakes.schedules import MemorySchedules
from tests.fakes.sealing import ClearMessages
from tests.fakes.slots import MemorySlots

LEASE = timedelta(seconds=20)


class RecordedTarget:
    """A target that records its calls and answers from a list, then success."""

    def __init__(self):
        self.calls = []
        self.answers = []

    def execute(self, call):
        self.calls.append(call)
        answer = self.answers.pop(0) if self.answers else Outcome(OutcomeKind.SUCCESS, "done")
        return answer(call) if callable(answer) else answer


class World:
    """Everything one stack has, in memory; `stores` puts other schedules, runs and slots in their place."""

    def __init__(self, shards=1, stores=None):
        self.clock, self.chance = FakeClock(), FakeChance()
        self.database = MemoryDatabase(shards)
        stores = stores or {}
        self.schedules = stores.get("schedules") or MemorySchedules(self.database)
        self.runs = stores.get("runs") or MemoryRuns(self.database)
        self.queue, self.target, self.lines = MemoryQueue(), RecordedTarget(), []
        self.claimer = Claimer(self.schedules, self.queue, self.clock, self.chance)
        self.slots = stores.get("slots") or MemorySlots(self.database)
        self.outputs = MemoryOutputs()
        stores = (self.schedules, self.runs, self.outputs)
        parts = (self.queue, self.clock, self.chance)
        self.advance = build_advance(*stores, *parts, self.log)
        steps = build_steps(*stores, *parts)
        self.ended = build_ended(self.slots, *parts, self.log, self.advance)
        self.cancel_run = CancelRun(self.runs, self.ended, self.clock, self.chance)
        self.sweep = Sweep(
            self.schedules, self.runs, self.ended, self.queue, self.clock, self.chance, map, self.log
        )
        self.tick = Tick(self.schedules, self.claimer, self.sweep, self.clock, map, self.log)
        self.targets = {"http": self.target}
        attempt = Attempt(
            self.schedules,
            self.targets,
            self.clock,
            self.log,
            inputs=steps.inputs,
            jobs=steps.jobs,
            last_success=LastSuccess(self.schedules, self.runs),
        )
        turn = build_turn(self.runs, self.slots, self.queue, self.ended, self.clock, self.chance)
        self.facts = MemoryFacts(self.database)
        wind_up = WindUp(self.runs, self.ended, self.clock, self.chance)
        work = FollowWork(self.targets, self.facts, *stores, wind_up, *parts, self.log, attempt.mask)
        self.gate = HostGate(self.facts, {}, self.clock, self.chance, self.log)
        self.note_completion = NoteCompletion(self.facts, self.runs, self.queue, self.clock, self.log)
        self.execute = Execute(
            ClearMessages(),
            self.runs,
            attempt,
            turn,
            self.ended,
            self.queue,
            self.clock,
            self.chance,
            self.log,
            steps,
            work,
            self.gate,
        )

        self.metrics = RecordedMetrics()
        self.liveness = Liveness(self.runs, self.clock, self.metrics, self.log)

    def log(self, action, message, **fields):
        self.lines.append({"action": action, "message": message, **fields})

    def add(self, schedule_id="etl", expression="* * * * *", *, after=0, retry=None, grace=300, **changes):
        """A schedule whose next fire time is `after` seconds from now."""
        now = self.clock.now()
        fire_at = now + timedelta(seconds=after)
        head = Schedule(
            schedule_id=schedule_id,
            timetable=TimetableSpec(expression, anchor=now),
            policies=Policies(misfire=Misfire(grace_seconds=grace)),
            next_fire_at=fire_at,
            due_at=fire_at,
            created_at=now,
            updated_at=now,
        )
        self.database.heads[schedule_id] = replace(head, **changes)
        job = Job({"kind": "http", "url": "https://example.com/"}, 10, retry or Retry())
        self.database.revisions[schedule_id, 1] = Revision(schedule_id, 1, 1, {}, job, 0, "ops")
        return self.database.heads[schedule_id]

    def head(self, schedule_id="etl"):
        return self.database.heads[schedule_id]

    def run(self, fire_at, schedule_id="etl"):
        return self.database.runs[RunId.of_fire_time(schedule_id, fire_at)]

    def work(self, message=None):
        """The worker takes one message: the given one, or the oldest sent."""
        sent = message or self.queue.sent.pop(0)
        return self.execute.execute(sent.body, self.clock.now() + LEASE)

    def work_in_time(self):
        """The worker takes every message in its time, until none is left."""
        while self.queue.sent:
            self.queue.sent.sort(key=lambda sent: sent.dispatch.not_before)
            sent = self.queue.sent.pop(0)
            self.clock.set(max(self.clock.now(), sent.dispatch.not_before))
            self.work(sent)
