"""A call that somebody wants to stop: a task is told and may return, an http answer is no longer waited for."""

import time
from dataclasses import replace

import pytest

from carillon.adapters.targets.http import HttpTarget
from carillon.adapters.targets.python import PythonTarget
from carillon.adapters.targets.task_pool import TaskPool
from carillon.domain.allow_list import AllowList
from carillon.domain.outcome import OutcomeKind
from tests.contract.targets.receiver import comes_true, make_call

PACKAGE = "tests.contract.targets.sample_tasks"


@pytest.fixture
def target():
    pool = TaskPool(size=1, package=PACKAGE)
    yield PythonTarget(pool)
    pool.close()


def python_call(task, cancelled, seconds=60.0):
    call = make_call({"kind": "python", "task": task, "arguments": {}}, seconds, None)
    return replace(call, cancelled=cancelled)


def test_a_task_that_asks_is_told_once_and_the_next_task_in_its_process_is_not(target):
    asked = []
    outcome = target.execute(python_call("work-until-told", lambda: asked.append(1) or len(asked) > 1))
    assert (outcome.kind, outcome.output) == (OutcomeKind.SUCCESS, "stopped early")
    again = target.execute(python_call("work-until-told", bool, seconds=0.5))
    assert again.kind is OutcomeKind.TIMED_OUT


def test_a_task_that_does_not_ask_runs_to_its_end(target):
    assert target.execute(python_call("whoami", lambda: True)).kind is OutcomeKind.SUCCESS


def test_an_http_answer_is_abandoned_long_before_its_deadline(serve):
    receiver = serve(lambda connection: connection.recv(1))
    call = make_call({"kind": "http", "url": f"http://127.0.0.1:{receiver.port}/"}, 600.0, None)
    started, asked = time.monotonic(), []
    target = HttpTarget(AllowList.of(["127.0.0.1"]))
    outcome = target.execute(replace(call, cancelled=lambda: asked.append(1) or len(asked) > 1))
    assert (outcome.kind, outcome.error) == (OutcomeKind.RETRYABLE, "cancelled")
    assert time.monotonic() - started < 300
    assert comes_true(lambda: len(receiver.requests) == 1)
