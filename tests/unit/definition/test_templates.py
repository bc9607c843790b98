"""Facts of the run in a job's texts, and the window since the last success."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from carillon.domain.outcome import permanent
from carillon.domain.run import RunState
from carillon.domain.templates import FORMATS, NAMES, Facts, fill
from tests.fakes.life import Life
from tests.unit.definition.documents import faults, read, with_value

FIRE = datetime(2026, 11, 22, 2, 5, tzinfo=UTC)
FACTS = Facts("etl@20261122T020500Z", "etl", FIRE, FIRE - timedelta(days=1))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("${run_id}", "etl@20261122T020500Z"),
        ("of ${schedule_id}", "of etl"),
        ("${fire_time}", "2026-11-22T02:05:00Z"),
        ("${fire_time:date} ${fire_time:time}", "2026-11-22 02:05:00"),
        ("${fire_time:compact}", "20261122T020500Z"),
        ("${fire_time:epoch}", "1795313100"),
        ("${fire_time:year}/${fire_time:month}/${fire_time:day}/${fire_time:hour}", "2026/11/22/02"),
        ("${fire_time:minute}", "05"),
        ("${window.start:date}..${window.end:date}", "2026-11-21..2026-11-22"),
        ("$${run_id}", "${run_id}"),
        ("${HOME}", "${HOME}"),
        ("${secrets.TOKEN}", "${secrets.TOKEN}"),
        ("no ${ placeholder", "no ${ placeholder"),
    ],
)
def test_a_placeholder_is_filled_where_it_stands(text, found):
    assert fill({"a": [text], "b.$": text}, FACTS) == {"a": [found], "b.$": text}


def test_every_name_and_format_can_be_saved():
    texts = [f"${{{name}}}" for name in NAMES] + [f"${{fire_time:{form}}}" for form in FORMATS]
    read(with_value("job.wait", "callback", with_value("job.target.body", {"all": texts})))


@pytest.mark.parametrize(
    ("path", "value", "field", "told"),
    [
        ("job.target.body", {"at": "${fire_tme}"}, "job.target.body.at", "did you mean fire_time"),
        (
            "job.target.body",
            {"at": ["${fire_time:day_of_week}"]},
            "job.target.body.at.0",
            "no format day_of_week",
        ),
        ("job.target.body", {"at": "${run_id:date}"}, "job.target.body.at", "takes no format"),
        ("job.target.body", {"at": "${HOME}"}, "job.target.body.at", "$${"),
        ("job.target.headers", {"X-Day": "${day}"}, "job.target.headers.X-Day", "known are"),
        ("job.target.url", "https://example.com/${nothing}", "job.target.url", "known are"),
        ("job.target.body", ["${callback.token}"], "job.target.body.0", 'only beside "wait": "callback"'),
    ],
)
def test_a_placeholder_that_stands_for_nothing_is_refused_with_what_would_be_right(path, value, field, told):
    found, code = faults(with_value(path, value))
    assert code == "invalid_input"
    assert told in found[field]


@pytest.mark.parametrize(
    "place", ["https://example.com/${fire_time:date}", "https://example.com/?d=${fire_time:epoch}"]
)
def test_a_urls_path_and_query_take_placeholders(place):
    read(with_value("job.target.url", place))


def test_a_host_takes_none():
    found, _ = faults(with_value("job.target.url", "https://${schedule_id}.example.com/"))
    assert "job.target.url" in found


def asking(body):
    life = Life()
    revision = life.database.revisions["etl", 1]
    target = {"kind": "http", "url": "https://example.com/${fire_time:date}", "body": body}
    life.database.revisions["etl", 1] = replace(revision, job=replace(revision.job, target=target))
    return life


def test_the_window_begins_where_the_last_success_ended():
    life = asking({"from": "${window.start}", "to": "${window.end}", "run": "${run_id}"})
    life.begin()
    first = life.target.calls[-1].spec
    assert first["url"] == "https://example.com/2026-11-22"
    assert first["body"]["from"] == first["body"]["to"] == "2026-11-22T02:00:00Z"
    life.clock.advance(86_400)
    life.tick_once()
    life.work()
    assert life.target.calls[-1].spec["body"]["from"] == "2026-11-22T02:00:00Z"
    assert life.target.calls[-1].spec["body"]["to"] == "2026-11-23T02:00:00Z"


def test_a_history_without_a_success_is_read_once_and_no_further_than_its_end():
    life, asked = asking("${window.start:date}"), []
    life.database.before = asked.append
    life.begin()
    assert asked.count("of_schedule") == 1


def test_a_failure_leaves_the_window_open():
    life = asking("${window.start:date}")
    life.begin()
    for answer in (permanent("http_404", "404"), None):
        life.target.answers = [answer] if answer else []
        life.clock.advance(86_400)
        life.tick_once()
        life.work()
    assert [call.spec["body"] for call in life.target.calls] == ["2026-11-22"] * 3


def calling_back(body):
    """What a job that waits for a callback is given, with the token that its attempt has."""
    life = Life(wait=True)
    revision = life.database.revisions["etl", 1]
    target = {"kind": "http", "url": "https://example.com/", "body": body}
    life.database.revisions["etl", 1] = replace(revision, job=replace(revision.job, target=target))
    life.execute._attempt._api_url = "https://api.example.com"
    life.begin()
    return life, life.target.calls[-1]


def test_a_callbacks_token_and_address_stand_where_the_job_wants_them():
    life, call = calling_back(
        ["curl -H 'X: ${callback.token}' ${callback.url}/complete", "$${callback.token}"]
    )
    run_url = "https://api.example.com/v1/runs/etl%4020261122T020000Z"
    assert call.spec["body"] == [f"curl -H 'X: {life.token}' {run_url}/complete", "${callback.token}"]
    assert life.complete().state is RunState.SUCCEEDED


def test_a_callbacks_token_is_masked_in_what_the_target_says():
    life = Life(wait=True)
    life.target.answers = [lambda call: permanent("http_400", f"who is {call.callback_token}?")]
    life.begin()
    assert life.row.events[-1].message.startswith("who is ***?")


def test_an_output_that_looks_like_a_placeholder_is_not_filled():
    value = {"said": "${run_id}"}
    assert fill({"body.$": "steps.a.output"}, FACTS) == {"body.$": "steps.a.output"}
    assert value == {"said": "${run_id}"}
