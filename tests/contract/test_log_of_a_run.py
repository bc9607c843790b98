"""Bytes of log that a run costs in all functions together, written by the real logger (docs/operations.md)."""

import json
import re
from dataclasses import replace
from itertools import count

import pytest

from carillon.adapters.emf import EmfMetrics
from carillon.adapters.targets.http import HttpTarget
from carillon.domain.allow_list import AllowList
from carillon.domain.job import Job, Retry
from carillon.domain.outcome import permanent
from carillon.domain.run import MAX_MESSAGE
from carillon.domain.run_change import RunChange
from carillon.log import structured_log
from carillon.services.follow_batch import FollowBatch
from carillon.services.spread import SpreadTick
from tests.contract.targets.receiver import Receiver, reply
from tests.fakes.world import World
from tick.handler import respond

RUNS = 20
NUMBERS = count()
FIELDS = {
    "level", "message", "timestamp", "service", "action", "task_id", "schedule_id", "trace_id", "span_id", "status",
    "attempt", "duration_ms",
}  # fmt: skip


class LoggingWorld(World):
    """A world whose lines are written as the functions write them."""

    def __init__(self):
        self.write = structured_log()
        super().__init__()

    def log(self, action, message, **fields):
        self.write(action, message, **fields)

    def work_off(self):
        """The worker takes every message at its time; the runs that ended, as the stream tells them."""
        ended = []
        while self.queue.sent:
            self.clock.set(max(self.clock.now(), self.queue.sent[0].dispatch.not_before))
            run = self.work().run
            ended += [RunChange(str(run.run_id), "1", None, run)] if run.state.is_terminal else []
        return ended


@pytest.fixture
def lines(capsys):
    """What was written since this was last asked."""

    def take():
        return capsys.readouterr().out.splitlines()

    return take


@pytest.fixture(autouse=True)
def service(monkeypatch):
    """A logger keeps its stream by its service's name, and each test has a stream of its own."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", f"worker{next(NUMBERS):03}")


def serve(answer):
    return Receiver(reply(answer))


def with_job(world, schedule_id, url, retry=None):
    world.add(schedule_id, "0 2 * * *", retry=retry)
    revision = world.database.revisions[schedule_id, 1]
    job = Job({"kind": "http", "url": url}, 10, retry or Retry())
    world.database.revisions[schedule_id, 1] = replace(revision, job=job)


def test_twenty_plain_runs_from_the_tick_to_their_counting_take_under_half_a_kilobyte_each(lines):
    world = LoggingWorld()
    world.targets["http"] = HttpTarget(AllowList.of(["127.0.0.1"]), now=world.clock.now)
    receiver = serve("HTTP/1.1 200 OK\nContent-Length: 0")
    for number in range(RUNS):
        with_job(world, f"nightly-export-{number}", f"http://127.0.0.1:{receiver.port}/")
    measured = EmfMetrics("Carillon", "carillon", world.clock, print)
    spread = SpreadTick(world.tick, world.liveness, None, 1, 16, lambda: 0, measured.put_all)
    lines()

    respond({}, spread, world.log)
    of_tick = lines()
    ended = world.work_off()
    of_worker = lines()
    nothing = lambda changes: None  # noqa: E731
    after = type("Backfills", (), {"after": staticmethod(nothing)})
    FollowBatch(nothing, after, nothing, measured, frozenset())(ended)
    of_follow = lines()
    receiver.close()

    assert (len(ended), len(of_worker), len(of_tick), len(of_follow)) == (RUNS, RUNS, 2, 1)
    assert max(map(len, of_worker)) < 420
    assert sum(map(len, of_tick + of_worker + of_follow)) / RUNS < 512


def test_the_line_of_a_finished_run_has_these_fields_and_its_time_in_milliseconds(lines):
    world = LoggingWorld()
    world.targets["http"] = HttpTarget(AllowList.of(["127.0.0.1"]), now=world.clock.now)
    receiver = serve("HTTP/1.1 200 OK\nContent-Length: 0")
    with_job(world, "nightly-export", f"http://127.0.0.1:{receiver.port}/")
    world.tick.run(range(1))
    lines()
    (change,) = world.work_off()
    receiver.close()

    (line,) = map(json.loads, lines())
    run = change.after
    assert line.keys() == FIELDS
    assert (line["action"], line["status"], line["attempt"]) == ("attempt_finished", "SUCCEEDED", 1)
    assert (line["task_id"], line["schedule_id"]) == (str(run.run_id), "nightly-export")
    assert (line["trace_id"], line["span_id"]) == (run.trace.trace_id, run.span_id(1))
    assert line["duration_ms"] == run.events[-1].duration_ms
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line["timestamp"])


def test_a_run_that_fails_writes_a_line_for_each_attempt_however_much_its_target_says(lines):
    world = LoggingWorld()
    with_job(world, "a" * 64, "https://example.com/", Retry(max_attempts=3, retry_on=("loud",)))
    world.target.answers = [permanent("loud", "è" * 100_000)] * 3
    world.tick.run(range(1))
    lines()
    world.work_off()

    found = lines()
    assert [json.loads(line)["status"] for line in found] == ["RETRYING", "RETRYING", "FAILED"]
    assert max(len(line.encode()) for line in found) < 4 * MAX_MESSAGE + 600
