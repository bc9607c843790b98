"""A python target with real child processes: every way a task can end, and that it hurts nobody else."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from carillon.adapters.targets.python import PythonTarget
from carillon.adapters.targets.task_pool import TaskPool
from carillon.domain.outcome import OutcomeKind
from tests.contract.targets.receiver import comes_true, make_call

PACKAGE = "tests.contract.targets.sample_tasks"


@pytest.fixture(scope="module")
def shared_pool():
    pool = TaskPool(size=3, package=PACKAGE)
    yield pool
    pool.close()


@pytest.fixture
def run(shared_pool):
    def execute(task, arguments=None, seconds=60.0, log=None, pool=shared_pool):
        spec = {"kind": "python", "task": task, "arguments": arguments or {}}
        return PythonTarget(pool).execute(make_call(spec, seconds, log))

    return execute


def exists(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_task_sees_its_run_and_its_output_comes_back(run):
    log = []
    outcome = run("describe", {"n": 1}, log=log)
    assert (outcome.kind, outcome.error) == (OutcomeKind.SUCCESS, None)
    assert outcome.output == {
        "run_id": "nightly@20261122T020000Z",
        "schedule_id": "nightly",
        "attempt": 1,
        "fire_at": "2026-11-22T02:00:00+00:00",
        "arguments": {"n": 1},
        "hurried": True,
    }
    assert log == ["described"]


def test_a_task_of_a_job_that_waits_is_told_how_to_call_back(run, shared_pool):
    assert run("call-back").output == [None, None]
    call = make_call({"kind": "python", "task": "call-back"})
    call = replace(call, callback_token="a" * 32, callback_url="https://api.example.com/v1/runs/x")
    assert PythonTarget(shared_pool).execute(call).output == ["a" * 32, "https://api.example.com/v1/runs/x"]


def test_a_child_is_warm_for_the_next_call(run):
    first, second = run("whoami").output, run("whoami").output
    assert first["pid"] == second["pid"] != os.getpid()
    assert second["calls"] == first["calls"] + 1


def test_an_exception_is_retryable_and_its_traceback_is_logged(run):
    log = []
    outcome = run("fail", log=log)
    assert (outcome.kind, outcome.error, outcome.message) == (
        OutcomeKind.RETRYABLE,
        "task_raised",
        "KeyError: 'the cause'",
    )
    assert any("samples.py" in line for line in log)


def test_a_permanent_error_is_permanent_with_the_tasks_own_words(run):
    outcome = run("refuse")
    assert (outcome.kind, outcome.error, outcome.message) == (
        OutcomeKind.PERMANENT,
        "task_refused",
        "The bucket is gone for good.",
    )


def test_an_unknown_task_is_permanent_and_names_the_module_that_could_not_be_imported(run):
    outcome = run("nobody-knows")
    assert (outcome.kind, outcome.error) == (OutcomeKind.PERMANENT, "unknown_task")
    assert "sample_tasks.broken could not be imported: ImportError: no such library" in outcome.message


def test_a_hanging_task_is_killed_at_its_deadline_with_all_that_it_started(run):
    run("describe")
    log = []
    started = time.monotonic()
    outcome = run("hang", seconds=5.0, log=log)
    assert (outcome.kind, outcome.error) == (OutcomeKind.TIMED_OUT, "timed_out")
    assert time.monotonic() - started < 60
    (line,) = log
    word, pid = line.split()
    assert word == "hanging"
    assert comes_true(lambda: not exists(pid))
    assert run("whoami").succeeded


@pytest.mark.parametrize(
    ("how", "status", "word"),
    [("exit", 3, "exit code 3"), ("kill", -9, "SIGKILL"), ("orphan", 4, "exit code 4")],
)
def test_a_crash_is_retryable_and_says_how_the_process_ended(run, how, status, word):
    run("whoami")
    log = []
    outcome = run("leave", {"how": how}, log=log)
    assert log == ["leaving"], "a task that has started is not called again within its attempt"
    assert (outcome.kind, outcome.error, outcome.status) == (OutcomeKind.RETRYABLE, "task_crashed", status)
    assert word in outcome.message
    assert run("whoami").succeeded


def test_sys_exit_ends_the_task_but_not_its_process(run):
    pid = run("whoami").output["pid"]
    outcome = run("leave", {"how": "sys.exit"})
    assert (outcome.error, outcome.message) == ("task_raised", "SystemExit: enough")
    assert run("whoami").output["pid"] == pid


def test_output_up_to_the_limit_is_kept(run):
    assert run("produce", {"characters": 16_383}).succeeded


def test_an_output_is_measured_without_the_spaces_that_it_is_kept_without(run):
    assert run("produce", {"rows": 16_383}).succeeded
    assert run("produce", {"rows": 16_384}).error == "output_too_large"


def test_output_beyond_the_limit_is_permanent_and_says_what_to_do(run):
    outcome = run("produce", {"characters": 16_384})
    assert (outcome.kind, outcome.error) == (OutcomeKind.PERMANENT, "output_too_large")
    assert "return a reference" in outcome.message


@pytest.mark.parametrize("what", ["nan", "object"])
def test_output_that_is_not_json_is_permanent(run, what):
    outcome = run("produce", {what: True})
    assert (outcome.kind, outcome.error) == (OutcomeKind.PERMANENT, "output_not_json")


def test_what_a_task_prints_is_logged(run):
    log = []
    run("talk", {"lines": 0}, log=log)
    assert log == ["printed", "halfcomplained"]


def test_a_talkative_task_is_cut_short_but_for_its_end(run):
    log = []
    assert run("talk", {"lines": 5000}, log=log).succeeded
    assert len(log) < 3000
    assert log[-1].startswith("4999 ")
    assert max(len(line) for line in log) == 1024
    assert any("left out" in line for line in log)


def test_what_a_task_writes_to_its_raw_output_does_not_reach_the_protocol(run, capfd):
    assert run("raw").output == "real"


def test_calls_side_by_side_have_children_of_their_own_and_a_bad_one_hurts_none(run, tmp_path):
    released = tmp_path / "released"
    with ThreadPoolExecutor(3) as threads:
        slow = [threads.submit(run, "whoami", {"until": str(released)}) for _ in range(2)]
        crash = threads.submit(run, "leave", {"how": "kill"})
        assert crash.result().error == "task_crashed"
        assert not any(future.done() for future in slow)
        released.touch()
        outcomes = [future.result() for future in slow]
    assert all(outcome.succeeded for outcome in outcomes)
    assert len({outcome.output["pid"] for outcome in outcomes}) == 2


def test_no_more_children_than_the_pool_allows(run):
    pool = TaskPool(size=1, package=PACKAGE)
    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(lambda _: run("whoami", pool=pool), range(4)))
    pool.close()
    assert len({outcome.output["pid"] for outcome in outcomes}) == 1
    assert sorted(outcome.output["calls"] for outcome in outcomes) == [1, 2, 3, 4]


def test_a_call_that_finds_no_free_child_by_its_deadline_was_not_started(run, tmp_path):
    pool, released = TaskPool(size=1, package=PACKAGE), tmp_path / "released"
    with ThreadPoolExecutor(1) as threads:
        log = []
        busy = threads.submit(run, "whoami", {"until": str(released)}, log=log, pool=pool)
        assert comes_true(lambda: log)
        outcome = run("whoami", seconds=1.0, pool=pool)
        released.touch()
        assert busy.result().succeeded
    pool.close()
    assert (outcome.kind, outcome.error) == (OutcomeKind.RETRYABLE, "no_free_process")


def test_a_child_that_died_while_idle_is_replaced(run):
    pool = TaskPool(size=1, package=PACKAGE)
    first = run("whoami", pool=pool).output["pid"]
    os.kill(first, signal.SIGKILL)
    assert comes_true(lambda: not exists(first))
    second = run("whoami", pool=pool)
    pool.close()
    assert second.succeeded
    assert second.output["pid"] != first


def test_a_call_that_its_dying_child_never_began_runs_in_another(run):
    pool = TaskPool(size=1, package=PACKAGE)
    first = run("whoami", pool=pool).output["pid"]
    os.kill(first, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as threads:
        second = threads.submit(run, "whoami", pool=pool)
        time.sleep(0.1)
        os.kill(first, signal.SIGKILL)
        outcome = second.result()
    pool.close()
    assert outcome.succeeded
    assert outcome.output["pid"] != first
    assert outcome.output["calls"] == 1


def test_closing_the_pool_leaves_no_process(run):
    pool = TaskPool(size=1, package=PACKAGE)
    pid = run("whoami", pool=pool).output["pid"]
    pool.close()
    assert not exists(pid)


def test_a_deadline_already_passed_starts_nothing(run):
    assert run("whoami", seconds=-1).kind is OutcomeKind.TIMED_OUT
