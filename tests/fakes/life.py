"""A world with what operators and targets can do to its runs, and with the end of undeliverable messages."""

from dataclasses import replace

from carillon.domain.access import Principal
from carillon.domain.callback import CallbackVerb
from carillon.domain.job import Wait
from carillon.domain.waiting import Answer
from carillon.services.answer_callback import AnswerCallback, Caller
from carillon.services.dead_letter import TakeInDeadLetter
from carillon.services.dead_letters import DeadLetters
from carillon.services.enqueue import Enqueue
from carillon.services.journal import Journal
from carillon.services.retry_run import RetryRun
from carillon.services.settle_run import SettleRun
from carillon.services.stop_run import StopRun
from tests.fakes.recorders import MemoryDeadLetters, RecordedAlerts
from tests.fakes.sealing import ClearMessages
from tests.fakes.world import World

ADMIN = Principal("ada", ("admin",), "192.0.2.7")


class Life(World):
    """A world in which the schedule `etl` has one run, due now."""

    def __init__(self, retry=None, wait=None, **stores):
        super().__init__(**stores)
        self.kept, self.alerts, journal = (
            MemoryDeadLetters(self.database),
            RecordedAlerts(),
            Journal(self.chance),
        )
        self.stop_run = StopRun(self.schedules, self.cancel_run, self.clock, journal)
        enqueue = Enqueue(self.runs, self.queue, self.clock)
        self.retry_run = RetryRun(self.schedules, self.runs, enqueue, self.clock, journal)
        self.settle_run = SettleRun(self.schedules, self.runs, self.ended, self.clock, self.chance, journal)
        self.dead_letters = DeadLetters(self.kept, self.runs, self.queue, self.clock, journal)
        self.answer = AnswerCallback(
            self.schedules,
            self.runs,
            self.outputs,
            self.queue,
            self.ended,
            journal,
            self.clock,
            self.chance,
            self.log,
        )
        self.take_in = TakeInDeadLetter(
            ClearMessages(),
            self.runs,
            self.kept,
            self.alerts,
            self.ended,
            self.clock,
            self.chance,
            self.log,
            "test",
        )
        self.start = self.clock.now()
        self.add(expression="0 2 * * *", retry=retry)
        if wait is not None:
            revision = self.database.revisions["etl", 1]
            wait = Wait() if wait is True else wait
            self.database.revisions["etl", 1] = replace(revision, job=replace(revision.job, wait=wait))

    def tick_once(self):
        return self.tick.run(range(1))

    @property
    def row(self):
        """The run as its row stands."""
        return self.run(self.start)

    @property
    def token(self):
        """The token that the last call of the target was given."""
        return self.target.calls[-1].callback_token

    @property
    def run_id(self):
        return str(self.row.run_id)

    def begin(self):
        """Claims the run and lets the worker take its message."""
        self.tick_once()
        return self.work()

    def work_on(self):
        """Waits until the run may be tried again, and lets the worker take the next message."""
        self.clock.set(max(self.clock.now(), self.row.not_before))
        return self.work()

    def caller(self, token=None, principal=None):
        return Caller(principal=principal) if principal else Caller(token=token or self.token)

    def complete(self, output=None, message="done", **who):
        answer = Answer(CallbackVerb.COMPLETE, message)
        return self.answer(self.caller(**who), self.run_id, answer, output)

    def fail(self, reason="disk_full", *, retryable=True, **who):
        answer = Answer(CallbackVerb.FAIL, "it failed", reason, retryable)
        return self.answer(self.caller(**who), self.run_id, answer)

    def beat(self, **who):
        return self.answer.heartbeat(self.caller(**who), self.run_id)

    def actions_of(self, actor):
        return [entry.action for entry in self.database.audit.values() if entry.actor == actor]
