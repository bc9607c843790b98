"""What docs/targets.md shows works as it is written there."""

import importlib
import json
import re
import socket
import sys
import threading
from pathlib import Path

import pytest

from carillon.adapters.targets import added
from carillon.adapters.targets.registry import Targets, added_kinds
from carillon.domain.allow_list import AllowList
from carillon.domain.definition import Limits, read_definition
from carillon.domain.job import Job
from carillon.domain.outcome import OutcomeKind
from carillon.domain.retry_words import ERRORS
from carillon.domain.run import RunState
from carillon.domain.target_ids import target_ids
from carillon.domain.targets import registry as target_registry
from carillon.domain.targets.http_request import encode_request
from carillon.domain.targets.kind import AwsAllow, Reach
from carillon.domain.targets.python import check_python
from carillon.domain.targets.registry import KINDS
from carillon.domain.targets.url import parse_url
from carillon.domain.templates import FORMATS, NAMES, check_templates
from carillon.tasks import PermanentError, registry
from tests.contract.targets.receiver import FIRE_AT, closed_port, make_call
from tests.fakes.world import World

PAGE = (Path(__file__).parents[3] / "docs" / "targets.md").read_text()
NOW = FIRE_AT.timestamp()
REACH = Reach(AllowList(), AwsAllow(("arn:aws:*",)))


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def block_with(text):
    (found,) = [block for block in blocks("python") if text in block]
    return found


def test_the_shown_specifications_can_be_saved():
    shown = [json.loads(block) for block in blocks("json")]
    assert [spec["kind"] for spec in shown] == list(KINDS)
    for spec in shown:
        assert KINDS[spec["kind"]].check(spec, REACH) == ()
        assert list(check_templates(spec)) == []
    assert check_python(shown[1], {"delete-old-objects"}) == ()


def test_the_table_of_kinds_has_each_one_and_its_section():
    listed = re.findall(r"^\| \[`(\w+)`\]\(#(\w+)\)", PAGE, re.MULTILINE)
    assert [kind for kind, _ in listed] == list(KINDS)
    assert all(f"\n## {anchor}\n" in PAGE for _, anchor in listed)


def test_kinds_that_the_page_calls_followed_are_those_that_can_be():
    (row,) = re.findall(r'^\| `"completion"` \|.*\| (.*) \|$', PAGE, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", row)) == {name for name, kind in KINDS.items() if kind.can_be_followed}


def test_the_page_names_every_error_of_aws_and_none_that_does_not_exist():
    section = PAGE.partition("**Errors.** Codes")[2].partition("\n\nA call is sent once")[0]
    named = {
        word for row in re.findall(r"^\| (?:retryable|permanent|unknown) \|.*$", section, re.MULTILINE)
        for word in re.findall(r"`(\w+)`", row)
    }  # fmt: skip
    assert named - {"never_on"} <= ERRORS
    used = {word for name in KINDS for word in words_of(name)}
    assert used - named - {"already_started"} == set()


def words_of(kind):
    module = importlib.import_module(f"carillon.domain.targets.{'lambda_' if kind == 'lambda' else kind}")
    return {word for _, word in getattr(module, "ERRORS", {}).values()}


def test_the_page_names_every_placeholder_and_format():
    section = PAGE.partition("## Facts of the run in texts")[2].partition("\n## ")[0]
    assert all(f"`${{{name}}}`" in section for name in NAMES)
    assert all(f"`{form}`" in section or f":{form}}}`" in section for form in FORMATS)


def test_the_shown_allow_list_entries_can_be_read():
    section = PAGE.partition("| entry | opens |")[2].partition("\n\n")[0]
    entries = [
        entry for row in section.splitlines() for entry in re.findall(r"`([^`]+)`", row.partition(" | ")[0])
    ]
    assert len(entries) == 7
    assert len(AllowList.of(entries).entries) == 7


def test_the_shown_task_does_what_the_page_says(monkeypatch):
    from carillon.tasks import TaskContext

    monkeypatch.setattr(registry, "tasks", {})
    exec(compile(block_with("say-hello"), "targets.md", "exec"), {})
    lines = []

    def run(arguments):
        context = TaskContext("r@1", "r", 1, FIRE_AT, arguments, lines.append, lambda: 5.0)
        return registry.tasks["say-hello"](context)

    assert run({"name": "World"}) == {"greeting": "Hello, World!", "run_id": "r@1"}
    assert lines == ["greeting World, 5 s left"]
    with pytest.raises(PermanentError):
        run({})


def test_the_shown_receiver_trusts_what_is_signed_and_nothing_else():
    space = {}
    exec(compile(block_with("def is_from_carillon"), "targets.md", "exec"), space)
    key, url = "a key of the test's own", "https://example.com/"
    spec = {"kind": "http", "url": url, "body": {"day": 1}, "sign_with": key}
    head, _, body = encode_request(make_call(spec), parse_url(url), FIRE_AT).partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])

    def trusts(now=NOW, body=body, key=key, **changes):
        return space["is_from_carillon"](headers | changes, body, key, now)

    assert trusts()
    assert not trusts(body=body + b" ")
    assert not trusts(key="another key")
    assert not trusts(now=FIRE_AT.timestamp() + 301)
    assert not trusts(**{"Carillon-Run-Id": "another@1"})


@pytest.fixture
def syslog(tmp_path, monkeypatch):
    """The page's example as the one file that it says, in the one folder that it says."""
    (tmp_path / "syslog.py").write_text(block_with("class SyslogTarget"))
    monkeypatch.setattr(added, "__path__", [*added.__path__, str(tmp_path)])
    yield added_kinds()["syslog"]
    sys.modules.pop(f"{added.__name__}.syslog", None)


def one_line(server):
    connection, _ = server.accept()
    with connection, connection.makefile() as stream:
        return stream.readline()


def test_the_shown_target_is_saved_started_and_ends_its_run(syslog):
    lines = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        listener = threading.Thread(target=lambda: lines.append(one_line(server)))
        listener.start()
        reach = Reach(AllowList.of([f"127.0.0.1:{port}"]))
        limits = Limits.of_stack(300, 1, reach.http, kinds={**KINDS, "syslog": syslog})
        target = {"kind": "syslog", "host": "127.0.0.1", "port": port, "message": "of ${fire_time:date}"}
        document = {"schedule_id": "etl", "timetable": {"expression": "0 2 * * *"}, "job": {"target": target}}
        world = World()
        definition = read_definition(document, limits, world.clock.now())
        world.add()
        revision = world.database.revisions["etl", 1]
        world.database.revisions["etl", 1] = type(revision)("etl", 1, 1, {}, definition.job, 0, "ops")
        world.targets["syslog"] = Targets({}, reach, "carillon").get("syslog")
        start = world.clock.now()
        world.tick.run(range(1))
        monitor = world.work()
        listener.join(60)
    assert monitor.run.state is RunState.SUCCEEDED
    assert lines == ["<14>carillon etl@20261122T020000Z: of 2026-11-22\n"]
    assert world.run(start).attempt == 1


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({}, "host"),
        ({"host": "127.0.0.1", "port": 1, "message": "x"}, "host"),
        ({"host": "a.example", "port": 1}, "message"),
    ],
)
def test_the_shown_targets_faults_are_told_by_field(syslog, spec, field):
    (fault,) = syslog.check({"kind": "syslog", **spec}, Reach(AllowList.of(["a.example"])))
    assert fault.field == field
    assert syslog.ids({"host": "a.example"}) == ("syslog:a.example",)


def test_the_shown_target_is_tried_again_when_nobody_listens(syslog):
    target = Targets({}, Reach(AllowList.of(["127.0.0.1"])), "carillon").get("syslog")
    with closed_port() as port:
        spec = {"kind": "syslog", "host": "127.0.0.1", "port": port, "message": "x"}
        found = target.execute(make_call(spec))
    assert (found.kind, found.error) == (OutcomeKind.RETRYABLE, "not_connected")


def test_a_role_is_asked_for_what_the_shown_kind_says_and_for_everything_before_it_is_added(
    syslog, monkeypatch
):
    job = Job({"kind": "syslog", "host": "a.example"}, 60)
    assert target_ids(job) == ("*",)
    monkeypatch.setitem(target_registry._KINDS, "syslog", syslog)
    assert target_ids(job) == ("syslog:a.example",)


def test_a_file_in_the_name_of_a_built_in_kind_is_refused(tmp_path, monkeypatch):
    (tmp_path / "sqs.py").write_text(block_with("class SyslogTarget"))
    monkeypatch.setattr(added, "__path__", [*added.__path__, str(tmp_path)])
    with pytest.raises(ValueError, match="sqs is built in"):
        added_kinds()


def test_no_kind_is_added_where_the_folder_is_empty():
    assert added_kinds() == {}
