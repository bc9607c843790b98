"""The command line says what was wrong, and its exit code tells a failed function."""

import json

import pytest

from local.__main__ import main
from local.invoke import invoke_fresh
from local.stack import LaptopCloud, Plan, running_stack
from tests.e2e.conftest import silent
from tests.e2e.stubs import write_stack


def test_an_event_that_is_no_json_is_refused_before_anything_starts(tmp_path, capsys):
    event = tmp_path / "event.json"
    event.write_text("{")
    assert main(["invoke", "tick", str(event)]) == 1
    assert "is not JSON" in capsys.readouterr().err
    assert main(["invoke", "tick", str(tmp_path / "none.json")]) == 1
    assert "cannot be read: No such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["up", "--port", "99999"], "99999 is not a whole number from 0 to 65535"),
        (["up", "--port", "http"], "http is not a whole number from 0 to 65535"),
        (["chaos", "--runs", "0"], "0 is not a whole number from 1 to 1000"),
        (["chaos", "--seconds", "-5"], "-5 is not a whole number from 1 to 3600"),
        (["demo", "--seconds", "0"], "0 is not a whole number from 1 to 3600"),
    ],
)
def test_a_number_that_cannot_be_is_refused_before_anything_starts(arguments, said, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert said in capsys.readouterr().err


def test_without_a_command_the_commands_are_listed(capsys):
    assert main([]) == 2
    assert "keep the stack running until Ctrl-C" in capsys.readouterr().out


@pytest.mark.slow
def test_one_invocation_gives_the_answer_and_the_logs(tmp_path):
    plan = Plan(template=write_stack(tmp_path), folder=tmp_path / "state", parameters={}, sources=False)
    answer, logs = invoke_fresh("plain", json.dumps({"fail": "so"}).encode(), plan)
    assert answer.error == "Unhandled"
    assert "asked {'fail': 'so'}" in logs


@pytest.mark.slow
def test_a_function_that_is_not_there_and_a_second_stack_in_one_folder_are_refused(stub_cloud, tmp_path):
    with pytest.raises(RuntimeError, match="no function tock; it has broken, hasty, plain, reader, worker"):
        stub_cloud.function("tock")
    folder = stub_cloud.logs.parent
    assert running_stack(folder) is not None
    with pytest.raises(RuntimeError, match="A stack runs in"):
        LaptopCloud(Plan(folder=folder), say=silent).__enter__()
    assert running_stack(tmp_path) is None
