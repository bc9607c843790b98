"""Functions under Lambda's runtime client: answers, errors, deadlines, crashes, and calls of each other."""

import json
import os
import signal
import time
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from local.chaos import wait_until
from local.emulator import client

pytestmark = pytest.mark.slow


def test_a_function_sees_its_deadline_and_the_template_s_environment_as_text(invoke):
    began = time.monotonic()
    answer, error = invoke("plain", {})
    spent_ms = (time.monotonic() - began) * 1000
    assert error is None
    # The deadline was set after `began`; two clocks and whole milliseconds account for the rest.
    assert 60_000 - spent_ms - 50 <= answer["left_ms"] <= 60_000
    assert answer["shards"] == "4"


def test_an_error_is_told_with_its_type_and_the_process_lives_on(invoke):
    before, _ = invoke("plain", {})
    answer, error = invoke("plain", {"fail": "no such thing"})
    assert (error, answer["errorType"], answer["errorMessage"]) == (
        "Unhandled",
        "ValueError",
        "no such thing",
    )
    assert invoke("plain", {})[0]["pid"] == before["pid"]


def test_a_process_that_ends_in_mid_invocation_is_an_exit_error_and_is_replaced(invoke):
    before, _ = invoke("plain", {})
    answer, error = invoke("plain", {"exit": 3})
    assert (error, answer["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert answer["errorMessage"].endswith("exit status 3")
    assert invoke("plain", {})[0]["pid"] != before["pid"]


def test_a_killed_process_is_an_exit_error_that_names_the_signal(invoke, stub_cloud):
    invoke("plain", {})
    (pid,) = stub_cloud.function("plain").pids()
    os.kill(pid, signal.SIGKILL)
    answer, _ = invoke("plain", {"sleep": 0.1})
    # Killed while it waited, it is either found out beforehand and replaced, or in the invocation.
    assert answer.get("pid") not in {pid} or answer["errorMessage"].endswith("signal: 9")


def test_an_invocation_past_its_timeout_is_killed_and_the_next_gets_a_new_process(invoke):
    before, _ = invoke("hasty", {})
    began = time.monotonic()
    answer, error = invoke("hasty", {"sleep": 3600})
    assert 4.9 < time.monotonic() - began < 3600
    assert (error, answer["errorMessage"]) == ("Unhandled", "Task timed out after 5.00 seconds")
    assert invoke("hasty", {})[0]["pid"] != before["pid"]


def test_a_timeout_ends_what_the_function_had_started_too(invoke):
    started, _ = invoke("hasty", {"child": True})
    assert _lives(started["child"])
    invoke("hasty", {"sleep": 3600})
    wait_until("its child is dead", 60, lambda: not _lives(started["child"]))


def test_a_handler_that_cannot_be_imported_is_told_as_such(invoke):
    answer, error = invoke("broken", {})
    assert (error, answer["errorType"]) == ("Unhandled", "Runtime.ImportModuleError")


def test_a_function_that_invokes_a_function_reaches_the_real_one(invoke, heard):
    invoke("plain", {"call": "myself"})
    heard({"told": "myself"})


def test_invoke_answers_as_lambda_does(stub_cloud):
    lambdas = client("lambda", f"http://{stub_cloud.lambda_address}")
    failed = lambdas.invoke(FunctionName="carillon-plain", Payload=json.dumps({"fail": "x"}))
    assert (failed["StatusCode"], failed["FunctionError"]) == (200, "Unhandled")
    failed["Payload"].close()
    assert (
        lambdas.invoke(FunctionName="carillon-plain", InvocationType="Event", Payload=b"{}")["StatusCode"]
        == 202
    )
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        lambdas.invoke(FunctionName="nobody", Payload=b"{}")


def test_what_a_function_prints_is_in_its_log(invoke, stub_cloud):
    invoke("plain", {"fail": "look me up"})
    log = stub_cloud.function("plain").log.read_text()
    assert "asked {'fail': 'look me up'}" in log
    assert "REPORT RequestId" in log


def _lives(pid):
    """A killed process whose parent died first may wait for init as a zombie; it runs no more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
