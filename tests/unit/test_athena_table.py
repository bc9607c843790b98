"""The table that docs/operations.md makes for Athena has the fields of the archive's lines, and finds its objects."""

import re
from pathlib import Path

import pytest

from carillon.domain.archive_object import hour_prefix
from carillon.domain.run_document import run_document
from tests.contract.builders import NOW, ended, event

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
TABLE = re.search(
    r"CREATE EXTERNAL TABLE carillon_runs \((.*?)\)\nPARTITIONED BY \((.*?)\)(.*?);", PAGE, re.DOTALL
)
PYTHON = {"string": str, "int": int, "bigint": int}


@pytest.fixture(scope="module")
def columns():
    """Type by name; `events` is its own list."""
    plain = re.sub(r"array<struct<.*>>", "events", TABLE[1])
    return dict(each.split() for each in re.split(r",\s*", plain.strip()))


@pytest.fixture(scope="module")
def document():
    """A line with as much as possible in it."""
    story = (event("queued"), event("answered 503", attempt=1, duration_ms=3))
    return run_document(
        ended(reason="http_5xx", revision=3, started_at=NOW, events=story, skipped_count=2, deadline_at=NOW)
    )


def test_the_columns_are_the_fields_of_a_line(columns, document):
    assert list(columns) == list(document)


def test_a_column_has_the_type_of_its_field(columns, document):
    for name, kind in columns.items():
        if name != "events" and document[name] is not None:
            assert isinstance(document[name], PYTHON[kind]), name


def test_an_event_is_a_struct_of_its_fields(document):
    inner = re.search(r"array<struct<(.*)>>", TABLE[1])[1]
    fields = dict(each.replace("`", "").split(": ") for each in inner.split(", "))
    assert list(fields) == list(document["events"][1])
    for name, kind in fields.items():
        assert isinstance(document["events"][1][name], PYTHON[kind]), name


def test_the_projection_finds_the_prefix_that_objects_are_written_under():
    settings = dict(re.findall(r"'([a-z.]+)' = '([^']*)'", TABLE[3]))
    assert TABLE[2] == "day string, hour int"
    assert settings["projection.enabled"] == "true"
    assert (settings["projection.day.type"], settings["projection.day.format"]) == ("date", "yyyy-MM-dd")
    assert (settings["projection.hour.range"], settings["projection.hour.digits"]) == ("0,23", "2")
    template = settings["storage.location.template"].removeprefix("s3://YOUR-ARCHIVE-BUCKET/")
    assert template.replace("${day}", "2026-11-22").replace("${hour}", "02") == hour_prefix(NOW)
