"""The real services, put together over the adversary's stores as wiring puts them over DynamoDB and SQS."""

from dataclasses import replace
from datetime import timedelta

from carillon.domain.access import Principal
from carillon.domain.definition import Definition
from carillon.domain.job import Backoff, Job, Retry
from carillon.domain.outcome import Outcome, OutcomeKind
from carillon.domain.schedule import Misfire, Policies, TimetableSpec
from carillon.domain.workflow.shape import Step, Workflow
from carillon.services.adopt_runs import AdoptRuns
from carillon.services.answer_callback import AnswerCallback
from carillon.services.attempt import Attempt
from carillon.services.backfills import Backfills
from carillon.services.cancel_run import CancelRun
from carillon.services.claim import Claimer
from carillon.services.create_schedule import CreateSchedule
from carillon.services.dead_letter import TakeInDeadLetter
from carillon.services.delete_schedule import DeleteSchedule
from carillon.services.dispatch_now import DispatchAtOnce
from carillon.services.end_queued import EndQueued
from carillon.services.ended import build_ended
from carillon.services.enqueue import Enqueue
from carillon.services.execute import Execute
from carillon.services.journal import Journal
from carillon.services.keep_secrets import KeepSecrets
from carillon.services.pause_schedule import PauseSchedule
from carillon.services.replace_schedule import ReplaceSchedule
from carillon.services.resume_schedule import ResumeSchedule
from carillon.services.stop_run import StopRun
from carillon.services.sweep import Sweep
from carillon.services.tick import Tick
from carillon.services.trigger_schedule import TriggerSchedule
from carillon.services.turn import build_turn
from carillon.services.work_off import WorkOff
from carillon.services.workflow import build_advance, build_steps
from tests.fakes.clock import FakeChance
from tests.fakes.doors import LabelledSealer
from tests.fakes.recorders import MemoryDeadLetters, MemoryOutputs, RecordedAlerts
from tests.fakes.sealing import ClearMessages
from tests.faults.simulator.callbacks import Callbacks
from tests.faults.simulator.queue import AdversarialQueue
from tests.faults.simulator.stage import ActorClock
from tests.faults.simulator.stores import (
    AdversarialBackfills,
    AdversarialDatabase,
    AdversarialRuns,
    AdversarialRunStates,
    AdversarialSchedules,
    AdversarialSlots,
)

SKEW_SECONDS = 5
WORKER_TIMEOUT = timedelta(seconds=20)
OPERATOR = Principal("ops", ("admin",))
NEEDS = {"extract": (), "clean": ("extract",), "load": ("extract",)}
_ANSWERS = (
    [Outcome(OutcomeKind.SUCCESS, "done")] * 6
    + [Outcome(OutcomeKind.RETRYABLE, "later", error="http_503")] * 2
    + [Outcome(OutcomeKind.PERMANENT, "never", error="http_400")]
)


class CountingTarget:
    """A target that takes its time, answers by the seed, and tells each call to the witness."""

    def __init__(self, stage, clock, witness, callbacks):
        self._stage, self._clock, self._witness, self._callbacks = stage, clock, witness, callbacks

    def execute(self, call):
        self._witness.called(call)
        self._stage.note(f"target called for {call.run_id} attempt {call.attempt}")
        if call.callback_token is not None:
            self._callbacks.taken_on(call)
        self._clock.sleep(self._stage.random.choice((0, 0, 0.2, 3, 9)))
        if self._stage.is_healed:
            return _ANSWERS[0]
        return self._stage.random.choice(_ANSWERS)


class Cast:
    """Everything one stack has."""

    def __init__(self, stage, witness):
        def log(action, message, **fields):
            stage.note(f"log {action}: {message}")

        clock, chance = ActorClock(stage), FakeChance(stage.random.random())
        self.database = AdversarialDatabase(stage, witness)
        witness.revisions = self.database.revisions
        self.schedules = schedules = AdversarialSchedules(self.database, stage)
        self.runs = runs = AdversarialRuns(self.database, stage)
        self.queue = queue = AdversarialQueue(stage)
        self.clock = clock
        claimer = Claimer(schedules, queue, clock, chance)
        slots = AdversarialSlots(self.database, stage)
        outputs = MemoryOutputs()
        parts = (schedules, runs, outputs, queue, clock, chance)
        ended = build_ended(slots, queue, clock, chance, log, build_advance(*parts, log))
        steps = build_steps(*parts)
        sweep = Sweep(schedules, runs, ended, queue, clock, chance, map, log)
        self.tick = Tick(schedules, claimer, sweep, clock, map, log)
        self.callbacks = Callbacks(stage, witness)
        target = CountingTarget(stage, clock, witness, self.callbacks)
        attempt = Attempt(schedules, {"python": target}, clock, log, inputs=steps.inputs, jobs=steps.jobs)
        turn = build_turn(runs, slots, queue, ended, clock, chance)
        self.execute = Execute(ClearMessages(), runs, attempt, turn, ended, queue, clock, chance, log, steps)
        kept, alerts = MemoryDeadLetters(), RecordedAlerts()
        self.take_in = TakeInDeadLetter(
            ClearMessages(), runs, kept, alerts, ended, clock, chance, log, "simulated"
        )
        journal = Journal(chance)
        end_queued = EndQueued(runs, slots, ended, clock, chance, SKEW_SECONDS)
        at_once = DispatchAtOnce(claimer, clock, log)
        self.create = CreateSchedule(schedules, KeepSecrets(LabelledSealer()), clock, journal, at_once)
        self.replace = ReplaceSchedule(
            schedules,
            KeepSecrets(LabelledSealer()),
            clock,
            journal,
            end_queued,
            at_once,
            AdoptRuns(runs, slots, clock, chance),
        )
        self.pause = PauseSchedule(schedules, clock, journal, end_queued)
        self.resume = ResumeSchedule(schedules, runs, clock, journal, at_once)
        self.delete = DeleteSchedule(schedules, runs, clock, journal, end_queued)
        enqueue = Enqueue(runs, queue, clock)
        self.trigger = TriggerSchedule(schedules, enqueue, outputs, clock, chance, journal)
        backfills, states = (
            AdversarialBackfills(self.database, stage),
            AdversarialRunStates(self.database, stage),
        )
        self.work_off = WorkOff(backfills, schedules, runs, states, enqueue, clock, map, log)
        self.backfills = Backfills(backfills, schedules, runs, states, self.work_off, clock, chance, journal)
        self.answer = AnswerCallback(schedules, runs, outputs, queue, ended, journal, clock, chance, log)
        self.stop = StopRun(schedules, CancelRun(runs, ended, clock, chance), clock, journal)

    def tick_once(self):
        """What one invocation of the tick does, in its order."""
        self.tick.run([0])
        self.work_off.all()

    def work(self, body):
        """One message carried out with what an invocation has of time."""
        return self.execute.execute(body, self.clock.now() + WORKER_TIMEOUT)


def _job(retry, wait, *, is_workflow):
    """A task; or three, of which two need the first and two can be taken back, and one may call back."""
    task = Job({"kind": "python", "task": "x"}, 10, Retry(retry, Backoff.FIXED, base_seconds=2))
    if not is_workflow:
        return replace(task, wait=wait)
    undone = replace(task, compensate=task)
    tasks = {"extract": undone, "clean": replace(undone, wait=wait), "load": task}
    shape = Workflow.of([Step(name, needs) for name, needs in NEEDS.items()])
    return Job({}, 300, workflow=shape, tasks=tasks)


def definition(schedule_id, period, retry, grace, overlap, room, wait=None, *, is_workflow=False):
    """A schedule that fires at each multiple of `period` seconds, which divides an hour; `wait` lets it call back."""
    seconds = f"*/{period} * * * * *" if period < 60 else f"0 */{period // 60} * * * *"
    return Definition(
        schedule_id=schedule_id,
        description="",
        tags={},
        sensitive=False,
        timetable=TimetableSpec(seconds),
        policies=Policies(overlap, room, 2, Misfire(grace_seconds=grace)),
        job=_job(retry, wait, is_workflow=is_workflow),
        alerts={},
        needs_slot=room is not None,
    )


def period_of(spec):
    """The period of a timetable that `definition` made, read from its text and not from the code under test."""
    second, minute, *_ = spec.expression.split()
    return int(second[2:]) if second.startswith("*/") else 60 * int(minute[2:])
