"""The dead-letter queue, from Lambda's event to the run's end, the shelf and the alert."""

import copy
from datetime import UTC, datetime, timedelta

import pytest

from carillon.domain.errors import LostRace, Throttled
from carillon.domain.lifecycle import start
from carillon.domain.new_run import queued
from carillon.domain.run import Origin, RunState
from carillon.domain.run_id import RunId
from carillon.services.dead_letter import TakeInDeadLetter
from carillon.services.ended import build_ended
from deadletter.handler import respond
from tests.fakes.clock import FakeChance, FakeClock
from tests.fakes.database import MemoryDatabase, PoisonRow
from tests.fakes.log import RecordedLog
from tests.fakes.recorders import MemoryDeadLetters, MemoryQueue, RecordedAlerts
from tests.fakes.runs import MemoryRuns
from tests.fakes.sealing import ClearMessages
from tests.fakes.slots import MemorySlots
from tests.functions.event_files import event

FIRE = datetime(2026, 11, 22, 2, tzinfo=UTC)
RUN_ID = RunId.of_fire_time("nightly-etl", FIRE)
MESSAGE_ID = "2b6f1c84-93d0-4f6e-a7b5-0c1d8e3f9a42"
POISON_ID = "9d4e7a10-5c38-4b21-8f6d-e2a0b9c7153f"


class Stack:
    """The deadletter function over stores in memory."""

    def __init__(self, database=None):
        self.database = database or MemoryDatabase()
        self.runs = MemoryRuns(self.database)
        self.kept, self.alerts, self.log = MemoryDeadLetters(), RecordedAlerts(), RecordedLog()
        self.clock = FakeClock(FIRE + timedelta(minutes=30))
        slots, queue = MemorySlots(self.database), MemoryQueue()
        self.ended = build_ended(slots, queue, self.clock, FakeChance(), self.log)
        self.take_in = TakeInDeadLetter(
            ClearMessages(),
            self.runs,
            self.kept,
            self.alerts,
            self.ended,
            self.clock,
            FakeChance(),
            self.log,
            "carillon",
        )

    def queue_run(self):
        run = queued(
            RUN_ID,
            1,
            Origin.FIRE,
            fire_at=FIRE,
            now=FIRE - timedelta(seconds=95),
            message="claimed by the tick",
        )
        self.runs.put_if_absent(run)
        return run

    def start_run(self):
        run = self.queue_run()
        lease = FIRE + timedelta(hours=1)
        return self.runs.transition(run, start(run, FIRE, claim_id="c-1", lease_until=lease, revision=1))

    def receives(self, *names):
        records = [record for name in names for record in event(name)["Records"]]
        return respond({"Records": records}, self.take_in, self.log)


def test_a_queued_run_at_the_messages_attempt_ends_as_undeliverable():
    stack = Stack()
    stack.queue_run()

    answer = stack.receives("dead-letter")

    assert answer == {"batchItemFailures": []}
    run = stack.runs.get(RUN_ID)
    assert (run.state, run.reason, run.ended_at) == (RunState.FAILED, "undeliverable", stack.clock.now())
    assert run.claim_id is not None
    assert stack.log.actions == ["message_undeliverable"]
    assert stack.alerts.published == []  # the failure's alert is the stream's business


def test_a_running_run_is_left_alone_and_its_message_noted():
    stack = Stack()
    running = stack.start_run()

    answer = stack.receives("dead-letter")

    assert answer == {"batchItemFailures": []}
    assert stack.runs.get(RUN_ID) == running
    [(action, message, _)] = stack.log.lines
    assert action == "dead_letter_noted"
    assert message == "the run is RUNNING; it waits for no message"


def test_a_run_that_starts_between_the_look_and_the_write_is_left_alone():
    class StartsMeanwhile(MemoryDatabase):
        def before(self, operation):
            if operation == "transition":
                raise LostRace

    stack = Stack(StartsMeanwhile())
    waiting = stack.queue_run()

    answer = stack.receives("dead-letter")

    assert answer == {"batchItemFailures": []}
    assert stack.runs.get(RUN_ID) == waiting
    assert stack.log.actions == ["dead_letter_noted"]


def test_a_message_without_a_run_is_noted():
    stack = Stack()

    assert stack.receives("dead-letter") == {"batchItemFailures": []}
    assert stack.log.actions == ["dead_letter_noted"]


def test_every_message_is_kept_with_its_reason():
    stack = Stack()
    stack.queue_run()

    stack.receives("dead-letter", "dead-letter-poison")

    body, reason, kept_at = stack.kept.kept[MESSAGE_ID]
    assert body == event("dead-letter")["Records"][0]["body"]
    assert reason == "attempt 1 could not be delivered while the run was QUEUED"
    assert kept_at == stack.clock.now()
    assert "order_id" in stack.kept.kept[POISON_ID][0]


def test_an_unreadable_message_is_alerted_once_kept_and_does_not_come_again():
    stack = Stack()

    answer = stack.receives("dead-letter-poison")

    assert answer == {"batchItemFailures": []}
    [(subject, message)] = stack.alerts.published
    assert subject == "Unreadable message on the Dispatch queue in carillon"
    assert message["alert_id"] == f"dead-letter:{POISON_ID}"
    assert message["message_id"] == POISON_ID
    assert "order_id" not in str(message)
    assert POISON_ID in stack.kept.kept


def test_a_run_whose_row_cannot_be_read_is_alerted_and_its_message_kept():
    stack = Stack()
    stack.database.runs[RUN_ID] = PoisonRow("attribute 'state' is missing")

    answer = stack.receives("dead-letter")

    assert answer == {"batchItemFailures": []}
    [(_, message)] = stack.alerts.published
    assert (message["alert"], message["run_id"]) == ("run_unreadable", str(RUN_ID))
    assert MESSAGE_ID in stack.kept.kept


@pytest.mark.parametrize("operation", ["get", "transition"])
def test_when_the_store_asks_for_a_slower_pace_only_that_message_comes_again(operation):
    class Busy(MemoryDatabase):
        def before(self, called):
            if called == operation:
                raise Throttled

    stack = Stack(Busy())
    stack.queue_run()

    answer = stack.receives("dead-letter", "dead-letter-poison")

    assert answer == {"batchItemFailures": [{"itemIdentifier": MESSAGE_ID}]}
    assert POISON_ID in stack.kept.kept


def test_an_alert_that_could_not_be_published_brings_its_message_back():
    class SilentTopic:
        def publish(self, subject, message):
            raise Throttled

    stack = Stack()
    take_in = TakeInDeadLetter(
        ClearMessages(),
        stack.runs,
        stack.kept,
        SilentTopic(),
        stack.ended,
        stack.clock,
        FakeChance(),
        stack.log,
        "carillon",
    )

    answer = respond(event("dead-letter-poison"), take_in, stack.log)

    assert answer == {"batchItemFailures": [{"itemIdentifier": POISON_ID}]}


def test_a_message_taken_in_twice_changes_nothing_more():
    stack = Stack()
    stack.queue_run()
    stack.receives("dead-letter")
    ended, kept = stack.runs.get(RUN_ID), copy.deepcopy(stack.kept.kept)

    stack.clock.advance(60)
    answer = stack.receives("dead-letter")

    assert answer == {"batchItemFailures": []}
    assert stack.runs.get(RUN_ID) == ended
    assert stack.kept.kept == kept
