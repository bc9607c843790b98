"""The complete schedules in docs/examples can be saved as they are, and the documentation shows each of them."""

import json
from pathlib import Path

import pytest

from carillon.domain.allow_list import AllowList
from carillon.domain.definition import Limits, read_definition
from carillon.domain.definition_document import definition_document
from carillon.domain.targets.kind import AwsAllow
from carillon.domain.targets.registry import KINDS
from tests.unit.definition.documents import NOW

DOCS = Path(__file__).parents[3] / "docs"
EXAMPLES = sorted((DOCS / "examples").glob("*.json"))
LIMITS = Limits.of_stack(300, 1, AllowList(), AwsAllow(("arn:aws:*:eu-central-1:*",)))


def kinds_of(job):
    tasks = [*job.get("steps", {}).values(), job]
    tasks += [task["compensate"] for task in tasks if task.get("compensate")]
    return {task["target"]["kind"] for task in tasks if task.get("target")}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_can_be_saved_and_is_named_after_its_schedule(path):
    definition = read_definition(json.loads(path.read_text()), LIMITS, NOW)
    assert definition.schedule_id == path.stem
    assert definition.description.endswith(".")
    assert definition_document(definition)["timetable"]["expression"]


def test_the_examples_cover_what_people_schedule():
    wanted = {
        *("nightly-backup", "log-cleanup", "etl-workflow", "certificate-check"),
        *("report-by-mail", "container-job", "command-on-servers"),
    }
    assert {path.stem for path in EXAMPLES} == wanted
    used = set().union(*(kinds_of(json.loads(path.read_text())["job"]) for path in EXAMPLES))
    assert used == set(KINDS) - {"sqs"}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_documentation_shows_the_example(path):
    assert f"examples/{path.name}" in (DOCS / "targets.md").read_text()
