"""The schedule document, read."""

import dataclasses

import pytest

from carillon.domain.allow_list import AllowList
from carillon.domain.definition import Limits
from carillon.domain.definition_document import definition_document
from carillon.domain.job import Backoff
from carillon.domain.schedule import DEFAULT_OVERLAP
from tests.unit.definition.documents import LIMITS, MINIMAL, faults, read, with_value


def test_the_shortest_document_gets_every_default():
    definition = read(MINIMAL)

    assert definition.timetable.zone == "UTC"
    assert (definition.timetable.gap, definition.timetable.fold) == ("fire", "once")
    assert definition.policies.overlap is DEFAULT_OVERLAP
    assert definition.policies.misfire.grace_seconds == 300
    assert definition.job.timeout_seconds == 60
    assert (definition.job.retry.max_attempts, definition.job.retry.backoff) == (3, Backoff.EXPONENTIAL)
    assert definition.alerts["on"] == ["failure"]


def test_the_document_with_defaults_reads_as_the_same_definition():
    full = with_value("timetable.starts_at", "2026-12-01T09:00:00+01:00")
    full = with_value("timetable.anchor", "2026-01-01T00:00:00Z", full)
    full = with_value("tags", {"team": "data"}, full)
    full = with_value("job.retry", {"backoff": "fixed", "base_seconds": 2.5}, full)
    definition = read(full)

    assert read(definition_document(definition)) == definition
    assert definition_document(definition)["timetable"]["starts_at"] == "2026-12-01T08:00:00Z"


def test_null_means_left_out():
    document = with_value("timetable.ends_at", None)
    document = with_value("job.compensate", None, document)
    document = with_value("policies", None, document)

    assert read(document) == read(MINIMAL)


def test_every_fault_is_told_at_once_under_its_path():
    document = {
        "schedule_id": "Nightly ETL",
        "descripton": "typo",
        "timetable": {"expression": "61 * * * *", "zone": "Europe/Berlin", "gap": "jump"},
        "policies": {"misfire": {"grace_seconds": "300"}},
        "job": {"target": {"kind": "http", "url": "ftp://example.com"}, "retry": {"max_attempts": 0}},
    }

    found, code = faults(document)

    assert code == "invalid_input"
    assert set(found) == {
        "schedule_id",
        "descripton",
        "timetable.expression",
        "timetable.gap",
        "policies.misfire.grace_seconds",
        "job.target.url",
        "job.retry.max_attempts",
    }


def test_an_unknown_field_names_the_nearest_known_one():
    found, _ = faults(with_value("timetable.timezone", "UTC"))
    assert found == {"timetable.timezone": "There is no such field; did you mean zone?"}

    found, _ = faults(with_value("job.timeout_second", 5))
    assert found == {"job.timeout_second": "There is no such field; did you mean timeout_seconds?"}

    found, _ = faults(with_value("xyzzy", 5))
    assert "known here are" in found["xyzzy"]


@pytest.mark.parametrize(
    ("path", "value", "part"),
    [
        ("schedule_id", "-etl", "begins and ends"),
        ("schedule_id", "e" * 65, "64"),
        ("schedule_id", 7, "text"),
        ("schedule_id", None, "Give an id"),
        ("description", "x" * 1001, "1000"),
        ("description", "bell\x07", "control characters"),
        ("tags", {"team": 1}, "tag"),
        ("tags", {f"t{n}": "" for n in range(21)}, "at most 20"),
        ("tags", ["data"], "JSON object"),
        ("sensitive", "yes", "true or false"),
        ("timetable", "daily", "JSON object"),
        ("timetable.expression", None, "Say when"),
        ("timetable.expression", "", "empty"),
        ("timetable.expression", ["* * * * *"], "text"),
        ("timetable.expression", "0 0 30 2 *", "never"),
        ("timetable.zone", "Europe/Atlantis", "no time zone"),
        ("timetable.fold", "thrice", "once, twice"),
        ("timetable.starts_at", "2026-12-01", "offset"),
        ("timetable.starts_at", "1969-12-31T23:59:59Z", "1970"),
        ("timetable.starts_at", 5, "offset"),
        ("policies.misfire.grace_seconds", True, "whole number"),
        ("policies.misfire.grace_seconds", 0, "from 1"),
        ("job", [], "JSON object"),
        ("job.target", None, "JSON object"),
        ("job.target.kind", "htpp", "did you mean http"),
        ("job.target.method", "FETCH", "GET"),
        ("job.target.url", "http://example.com", "https"),
        ("job.target.url", "https://10.0.0.1/", "allow-list"),
        ("job.retry.backoff", "linear", "exponential"),
        ("job.retry.base_seconds", -1, "from 0"),
        ("job.timeout_seconds", 0, "from 0.1"),
        ("job.timeout_seconds", "60", "number"),
        ("alerts.on", ["fire"], "failure"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_a_sentence_that_helps(path, value, part):
    found, _ = faults(with_value(path, value))

    assert list(found) in ([path], [f"{path}.team"])
    message = next(iter(found.values()))
    assert part in message
    assert message.endswith((".", "?"))


def test_an_end_before_the_start_is_refused():
    document = with_value("timetable.starts_at", "2026-12-02T00:00:00Z")

    found, _ = faults(with_value("timetable.ends_at", "2026-12-01T00:00:00Z", document))

    assert list(found) == ["timetable.ends_at"]


def test_a_timeout_the_worker_cannot_keep_says_what_to_do_instead():
    limits = Limits.of_stack(20, 1, AllowList())

    found, _ = faults(with_value("job.timeout_seconds", 15.5), limits)

    assert "15.5 s" in found["job.timeout_seconds"]
    assert "at most" in found["job.timeout_seconds"]
    assert "WorkerTimeout" in found["job.timeout_seconds"]
    assert read(with_value("job.timeout_seconds", 15), limits).job.timeout_seconds == 15


def test_the_default_timeout_never_exceeds_what_the_worker_can_keep():
    assert read(MINIMAL, Limits.of_stack(20, 1, AllowList())).job.timeout_seconds == 15
    assert read(MINIMAL, Limits.of_stack(300, 1, AllowList())).job.timeout_seconds == 60


@pytest.mark.parametrize("expression", ["*/30 * * * * *", "0,1 * * * *", "rate(1 minute)"])
def test_firing_more_often_than_the_stack_allows_is_refused(expression):
    limits = dataclasses.replace(LIMITS, minimum_interval_seconds=61)

    found, _ = faults(with_value("timetable.expression", expression), limits)

    assert "MinimumIntervalSeconds" in found["timetable.expression"]
    assert read(with_value("timetable.expression", "*/2 * * * *"), limits)


def test_what_carillon_sets_itself_cannot_be_sent():
    found, _ = faults({**MINIMAL, "owner": "mallory", "head_version": 9})

    assert found == dict.fromkeys(("head_version", "owner"), "Carillon sets this itself; leave it out.")


@pytest.mark.parametrize("document", [None, [], "text", 5])
def test_a_body_that_is_no_object_has_one_fault(document):
    assert faults(document)[0] == {"(body)": "This must be a JSON object."}


def test_a_day_between_its_bounds_is_enough_for_an_interval_that_counts_from_its_start():
    bounds = {"starts_at": "2027-01-01T06:00:00Z", "ends_at": "2027-01-01T18:00:00Z"}
    found = read(with_value("timetable", {"expression": "rate(1 day)", **bounds}))
    assert found.timetable.ends_at is not None
