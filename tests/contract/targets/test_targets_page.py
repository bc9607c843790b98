"""What docs/targets.md shows works as it is written there."""

import json
import re
from pathlib import Path

import pytest

from carillon.domain.allow_list import AllowList
from carillon.domain.targets.http import check_http
from carillon.domain.targets.python import check_python
from carillon.tasks import PermanentError, registry
from tests.contract.targets.receiver import FIRE_AT

PAGE = (Path(__file__).parents[3] / "docs" / "targets.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_shown_specifications_can_be_saved():
    http, python = map(json.loads, blocks("json"))
    assert check_http(http, AllowList()) == ()
    assert check_python(python, {"delete-old-objects"}) == ()


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
    (source,) = blocks("python")
    exec(compile(source, "targets.md", "exec"), {})
    lines = []

    def run(arguments):
        context = TaskContext("r@1", "r", 1, FIRE_AT, arguments, lines.append, lambda: 5.0)
        return registry.tasks["say-hello"](context)

    assert run({"name": "World"}) == {"greeting": "Hello, World!", "run_id": "r@1"}
    assert lines == ["greeting World, 5 s left"]
    with pytest.raises(PermanentError):
        run({})
