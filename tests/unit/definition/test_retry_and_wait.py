"""The retry and wait parts of a job's document."""

import pytest

from carillon.domain.definition_document import definition_document
from carillon.domain.job import Wait
from tests.unit.definition.documents import MINIMAL, faults, read, with_value


def test_a_full_policy_is_read_and_written_back():
    retry = {
        "max_attempts": 5,
        "backoff": "fixed",
        "base_seconds": 10,
        "cap_seconds": 60,
        "retry_on": ["http_5xx", "http_429", "timeout", "task_crashed"],
        "never_on": ["http_501"],
        "deadline_seconds": 3600,
    }
    definition = read(with_value("job.retry", retry))
    assert definition.job.retry.retry_on == ("http_5xx", "http_429", "timeout", "task_crashed")
    assert definition.job.retry.deadline_seconds == 3600
    assert definition_document(definition)["job"]["retry"] == retry
    assert read(definition_document(definition)) == definition


def test_a_wait_has_an_hour_and_no_heartbeat_unless_told():
    definition = read(with_value("job.wait", "callback"))
    assert definition.job.wait == Wait(3600, None)
    job = definition_document(definition)["job"]
    assert (job["wait"], job["wait_timeout_seconds"], job["heartbeat_seconds"]) == ("callback", 3600, None)
    assert read(definition_document(definition)) == definition


def test_a_wait_may_last_thirty_days_with_a_heartbeat_a_minute():
    document = with_value("job.wait", "callback")
    document = with_value("job.wait_timeout_seconds", 2_592_000, document)
    document = with_value("job.heartbeat_seconds", 60, document)
    assert read(document).job.wait == Wait(2_592_000, 60)


def test_a_job_does_not_wait_unless_told():
    assert read(MINIMAL).job.wait is None


@pytest.mark.parametrize(
    ("path", "value", "field", "told"),
    [
        ("job.retry.retry_on", ["http_5x"], "job.retry.retry_on.0", "did you mean http_5xx"),
        ("job.retry.retry_on", ["timeout", "timeot"], "job.retry.retry_on.1", "did you mean timeout"),
        ("job.retry.never_on", ["qqq"], "job.retry.never_on.0", "Name a status as http_503"),
        ("job.retry.never_on", [503], "job.retry.never_on.0", "There is no such error"),
        ("job.retry.retry_on", ["http_200"], "job.retry.retry_on.0", "is no failure"),
        ("job.retry.never_on", ["http_503", "http_100"], "job.retry.never_on.1", "is no failure"),
        ("job.retry.retry_on", "http_503", "job.retry.retry_on", "must be a list"),
        ("job.retry.retry_on", ["http_503"] * 51, "job.retry.retry_on", "at most 50"),
        ("job.retry.deadline_seconds", 0, "job.retry.deadline_seconds", "from 1 to"),
        ("job.retry.deadline_seconds", 2_592_001, "job.retry.deadline_seconds", "to 2592000"),
        ("job.wait", "token", "job.wait", 'Use "callback"'),
        ("job.wait_timeout_seconds", 60, "job.wait_timeout_seconds", 'beside "wait": "callback"'),
        ("job.heartbeat_seconds", 60, "job.heartbeat_seconds", 'beside "wait": "callback"'),
    ],
)
def test_what_cannot_be_is_told_with_what_would_be_right(path, value, field, told):
    found, code = faults(with_value(path, value))
    assert code == "invalid_input"
    assert told in found[field]


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("job.wait_timeout_seconds", 2_592_001, "from 1 to 2592000"),
        ("job.heartbeat_seconds", 59, "from 60 to"),
        ("job.heartbeat_seconds", 7200, "shorter than wait_timeout_seconds"),
    ],
)
def test_a_waits_numbers_have_bounds(path, value, told):
    found, _ = faults(with_value(path, value, with_value("job.wait", "callback")))
    assert told in found[path]


def test_a_word_in_both_lists_is_refused():
    document = with_value("job.retry", {"retry_on": ["http_503"], "never_on": ["http_503"]})
    found, _ = faults(document)
    assert "stands in retry_on too" in found["job.retry.never_on"]
