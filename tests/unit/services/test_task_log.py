"""What a task writes is kept with its run: bounded, seconds behind while it runs, at no cost when it is silent."""

import json
from datetime import timedelta

import pytest

from carillon.adapters.dynamo.run_logs import DynamoRunLogs
from carillon.domain.errors import Throttled
from carillon.domain.job import Job, Retry
from carillon.domain.outcome import Outcome, OutcomeKind
from carillon.domain.run_log import MAX_BYTES, MAX_LINE, MAX_LINES, LogTail
from carillon.services.attempt import Attempt
from carillon.services.task_log import TaskLog
from tests.fakes.clock import FakeClock
from tests.fakes.recorders import MemoryRunLogs
from tests.fakes.world import LEASE, World


class Talking(World):
    """A world with one run whose task writes."""

    def __init__(self):
        super().__init__()
        self.logs = MemoryRunLogs()
        self.add()
        self.tick.run([0])
        self.first = next(iter(self.database.runs.values()))

    def task_log(self):
        return TaskLog(self.first, self.logs, self.clock, self.log)

    def kept(self):
        return self.logs.read(self.first, self.first.attempt)

    def actions(self, action):
        return [line for line in self.lines if line["action"] == action]


def test_a_task_that_writes_nothing_costs_no_write():
    world = Talking()

    with world.task_log():
        world.clock.advance(60)

    assert world.logs.writes == 0


def test_lines_are_kept_at_the_end_with_their_times():
    world = Talking()
    began = world.clock.now()

    with world.task_log() as write:
        write("one")
        world.clock.advance(2)
        write("two")

    document = world.kept().document(1)
    assert [line["message"] for line in document["lines"]] == ["one", "two"]
    assert document["lines"][1]["timestamp"] - began.timestamp() * 1000 == 2000
    assert world.logs.writes == 1


def test_lines_can_be_read_while_the_task_runs_and_are_written_at_most_every_five_seconds():
    world = Talking()

    with world.task_log() as write:
        for second in range(60):
            write(f"line {second}")
            world.clock.advance(1)
        assert len(world.kept().lines) > 50
        assert world.logs.writes == 11

    assert len(world.kept().lines) == 60
    assert world.logs.writes == 12


def test_the_lines_of_a_task_that_dies_are_kept():
    world = Talking()

    def die():
        with world.task_log() as write:
            write("the last words")
            raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        die()

    assert [line.text for line in world.kept().lines] == ["the last words"]


def test_the_newest_lines_are_kept_and_the_dropped_ones_counted():
    world = Talking()

    with world.task_log() as write:
        for number in range(1000):
            write(f"{number}")

    log = world.kept()
    assert (len(log.lines), log.dropped, log.lines[-1].text) == (MAX_LINES, 1000 - MAX_LINES, "999")


def test_a_log_has_at_most_so_many_bytes_whatever_is_written():
    tail, clock = LogTail(), FakeClock()
    for _ in range(500):
        tail.add(clock.now(), "é" * 5000)

    kept = tail.log().lines
    assert sum(len(line.text.encode()) for line in kept) <= MAX_BYTES
    assert {len(line.text) for line in kept} == {MAX_LINE}


def test_a_log_that_is_full_to_the_last_byte_keeps_every_line():
    tail, clock = LogTail(), FakeClock()
    for _ in range(MAX_BYTES // 1024):
        tail.add(clock.now(), "x" * 1024)
    assert tail.log().dropped == 0

    tail.add(clock.now(), "x")
    assert tail.log().dropped == 1


def test_the_functions_own_log_of_a_run_is_bounded_in_lines_and_bytes():
    world = Talking()

    with world.task_log() as write:
        for _ in range(5000):
            write("x" * 5000)

    written = world.actions("task_log")
    assert len(written) == MAX_BYTES // MAX_LINE + 1
    assert sum(len(json.dumps(line)) for line in written) <= MAX_BYTES + MAX_LINE + len(written) * 250


def test_of_a_talkative_task_the_functions_own_log_has_the_first_lines():
    world = Talking()

    with world.task_log() as write:
        for number in range(5000):
            write(f"{number}")

    assert [line["message"] for line in world.actions("task_log")] == [f"{n}" for n in range(MAX_LINES)]


def test_a_plain_run_writes_one_line_of_its_own_with_the_fields_people_search_by():
    world = World()
    world.add()
    world.tick.run([0])
    world.lines.clear()

    world.work()

    (line,) = world.lines
    assert line.keys() == {
        "action",
        "message",
        "task_id",
        "schedule_id",
        "trace_id",
        "span_id",
        "status",
        "attempt",
        "duration_ms",
    }
    assert len(json.dumps(line)) < 300


def test_what_cannot_be_kept_is_told_and_fails_no_run():
    world = Talking()

    def refuse(run, log, now):
        raise Throttled

    world.logs.keep = refuse
    with world.task_log() as write:
        write("one")

    assert len(world.actions("task_log_lost")) == 1


def test_an_attempt_keeps_the_lines_of_its_target():
    world = Talking()

    def talk(call):
        call.log("hello")
        return Outcome(OutcomeKind.SUCCESS, "done")

    world.target.answers = [talk]
    attempt = Attempt(world.schedules, {"http": world.target}, world.clock, world.log, logs=world.logs)
    job = Job({"kind": "http", "url": "https://example.com/"}, 10, Retry())

    attempt.call(world.first, job, world.clock.now() + LEASE)

    assert [line.text for line in world.kept().lines] == ["hello"]


def test_a_log_is_read_as_it_was_written_and_is_no_run():
    class Table:
        runs_table, kept = "Runs", timedelta(days=30)

        def __init__(self):
            self.rows = {}

        def call(self, operation, TableName, Item):  # noqa: N803 - botocore's names
            self.rows[Item["schedule_id"]["S"], Item["run_key"]["S"]] = Item

        def get(self, table, key):
            return self.rows.get((key["schedule_id"]["S"], key["run_key"]["S"]))

    world, table = Talking(), Table()
    tail = LogTail()
    for number in range(300):
        tail.add(world.clock.now(), f"{number} " + "long " * 60)
    store = DynamoRunLogs(table)

    store.keep(world.first, tail.log(), world.clock.now())

    assert store.read(world.first, world.first.attempt) == tail.log()
    assert store.read(world.first, 7).lines == ()
    ((partition, _),) = table.rows
    assert partition == "log#etl"
    assert "ended_at" not in next(iter(table.rows.values()))
