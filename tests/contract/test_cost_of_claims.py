"""What a tick over 500 due schedules asks of AWS: counted, because calls are CPU and write units are money."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from carillon.adapters.dynamo.database import Database
from carillon.adapters.dynamo.head_item import head_item
from carillon.adapters.dynamo.runs import DynamoRuns
from carillon.adapters.dynamo.schedules import DynamoSchedules
from carillon.adapters.dynamo.slots import DynamoSlots
from carillon.adapters.pace import Pace
from carillon.adapters.sqs import SqsDispatchQueue
from carillon.domain.schedule import Schedule, TimetableSpec
from carillon.services.claim import Claimer
from carillon.services.ended import build_ended
from carillon.services.sweep import Sweep
from carillon.services.tick import Tick
from tests.fakes.clock import FakeChance, FakeClock
from tests.fakes.log import RecordedLog
from tests.fakes.sealing import ClearMessages

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
DUE = 500


class CountedAws:
    """Answers every call of a tick as AWS would when all goes well, and counts them."""

    def __init__(self, due):
        self.due, self.calls = due, Counter()

    def query(self, **arguments):
        self.calls["query"] += 1
        return {"Items": self.due if arguments["IndexName"] == "due" else []}

    def transact_write_items(self, **arguments):
        self.calls["transact_write_items"] += 1
        assert len(arguments["TransactItems"]) <= 100
        return {}

    def send_message_batch(self, **arguments):
        self.calls["send_message_batch"] += 1
        assert len(arguments["Entries"]) <= 10
        return {"Successful": []}


def a_schedule(number):
    return Schedule(
        schedule_id=f"due-{number:03}",
        timetable=TimetableSpec("0 2 * * *"),
        next_fire_at=NOW,
        due_at=NOW,
        created_at=NOW,
        updated_at=NOW,
    )


def test_claiming_and_sending_500_due_schedules_takes_at_most_0_14_calls_a_run():
    aws = CountedAws([head_item(a_schedule(number), 1) for number in range(DUE)])
    clock, chance, log = FakeClock(NOW - timedelta(seconds=60)), FakeChance(), RecordedLog()
    pace = Pace(clock, chance)
    database = Database(client=aws, pace=pace, schedules_table="SchedulesTable", runs_table="RunsTable")
    schedules, runs = DynamoSchedules(database), DynamoRuns(database)
    queue = SqsDispatchQueue(aws, "https://queue.invalid", ClearMessages(), clock=clock, pace=pace)
    ended = build_ended(DynamoSlots(database), queue, clock, chance, log)
    sweep = Sweep(schedules, runs, ended, queue, clock, chance, map, log)
    report = Tick(schedules, Claimer(schedules, queue, clock, chance), sweep, clock, map, log).run(range(1))

    assert report.runs == DUE
    assert aws.calls == {"query": 2, "transact_write_items": 10, "send_message_batch": 50}
    assert aws.calls.total() / DUE <= 0.14
