"""How statuses and Retry-After are read."""

from datetime import UTC, datetime

import pytest

from carillon.domain.outcome import OutcomeKind
from carillon.domain.targets.http_answers import kind_of, parse_retry_after, read_answer

NOW = datetime(2026, 11, 22, 2, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "statuses"),
    [
        (OutcomeKind.SUCCESS, [200, 201, 202, 204, 299]),
        (OutcomeKind.RETRYABLE, [408, 425, 429, 500, 502, 503, 504, 599]),
        (OutcomeKind.PERMANENT, [101, 301, 302, 304, 307, 308, 400, 401, 403, 404, 409, 410, 422, 600, 999]),
    ],
)
def test_each_status_has_its_kind(kind, statuses):
    assert {kind_of(status) for status in statuses} == {kind}


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120), (" 7 ", 7), ("0", 0), ("99999999", 3600), ("9" * 5000, 3600),
        ("Sun, 22 Nov 2026 02:01:30 GMT", 90), ("Sun, 22 Nov 2026 01:00:00 GMT", 0),
        ("Mon, 23 Nov 2026 02:00:00 GMT", 3600), ("Sunday, 22-Nov-26 02:00:05 GMT", 5),
        (None, None), ("", None), ("soon", None), ("-5", None), ("1.5", None), ("Sun, 99 Nov 2026 99:00:00 GMT", None),
    ],
)  # fmt: skip
def test_retry_after_is_read_as_seconds_or_date_and_capped(value, seconds):
    assert parse_retry_after(value, NOW) == seconds


def test_a_retryable_answer_passes_the_pause_on():
    outcome = read_answer(503, "30", NOW, {"body": "busy"})
    assert (outcome.kind, outcome.retry_after_seconds, outcome.status) == (OutcomeKind.RETRYABLE, 30, 503)
    assert outcome.error == "http_503"
    assert outcome.message == "The target answered 503 Service Unavailable."
    assert outcome.output == {"body": "busy"}


def test_a_permanent_answer_has_no_pause():
    assert read_answer(404, "30", NOW).retry_after_seconds is None


def test_a_redirect_says_that_it_is_not_followed():
    assert "redirects are not followed" in read_answer(302, None, NOW).message


def test_success_has_no_error():
    outcome = read_answer(200, None, NOW)
    assert outcome.succeeded
    assert outcome.error is None
