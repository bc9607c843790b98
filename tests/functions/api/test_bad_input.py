"""Bad input: a 4xx with a stable code, a sentence that helps and the field, and nothing half-written."""

import base64
import json

import pytest

from api.request_body import MAX_BODY_BYTES
from carillon.domain.allow_list import AllowList
from carillon.domain.definition import Limits
from tests.functions.api.world import MINIMAL, ApiWorld


def firing(timetable):
    return {**MINIMAL, "timetable": timetable}


LONG = json.dumps({**MINIMAL, "description": "x" * MAX_BODY_BYTES})
EXPRESSION = "timetable.expression"
CASES = {
    "an unknown field": ({**MINIMAL, "schedul": 1}, 400, "invalid_input", "schedul"),
    "a wrong type": ({**MINIMAL, "tags": "data"}, 400, "invalid_input", "tags"),
    "a bad expression": (firing({"expression": "99 * * * *"}), 400, "invalid_input", EXPRESSION),
    "a bad zone": (
        firing({"expression": "* * * * *", "zone": "Mars/Base"}), 400, "invalid_input", "timetable.zone",
    ),
    "a moment that has passed": (
        firing({"expression": "at(2020-01-01T00:00:00)"}), 400, "invalid_input", EXPRESSION,
    ),
    "secrets": (
        {**MINIMAL, "job": {**MINIMAL["job"], "secrets": {"A": "b"}}}, 400, "invalid_input", "job.secrets.A",
    ),
    "an alert without its limit": (
        {**MINIMAL, "alerts": {"on": ["lateness"]}}, 400, "invalid_input", "alerts.late_after_seconds",
    ),
    "no document": ([], 400, "invalid_input", "(body)"),
    "a text": ("nightly-etl", 400, "invalid_input", "(body)"),
}  # fmt: skip
TEXTS = {
    "no body": ("", 400, "invalid_input"),
    "null": ("null", 400, "invalid_input"),
    "no JSON": ("schedule_id=etl", 400, "invalid_json"),
    "half a document": ('{"schedule_id": "etl"', 400, "invalid_json"),
    "NaN": ('{"a": NaN}', 400, "not_a_number"),
    "Infinity": ('{"a": Infinity}', 400, "not_a_number"),
    "a duplicate key": ('{"schedule_id": "a", "schedule_id": "b"}', 400, "duplicate_key"),
    "deep nesting": ("[" * 100 + "]" * 100, 400, "nesting_too_deep"),
    "endless brackets": ("[" * 65_000, 400, "nesting_too_deep"),
    "a huge number": ('{"a": 1' + "0" * 60_000 + "}", 400, "number_too_large"),
    "half a character": ('{"description": "\\ud83d"}', 400, "invalid_json"),
    "an oversized body": (LONG, 413, "body_too_large"),
    "many wide characters": ('{"description": "' + "ä" * (MAX_BODY_BYTES // 2) + '"}', 413, "body_too_large"),
}  # fmt: skip


def assert_nothing_written(world):
    assert not world.database.heads
    assert not world.database.revisions
    assert not world.database.runs
    assert not world.database.audit
    assert not world.queue.sent


@pytest.mark.parametrize("case", CASES)
def test_a_bad_document_is_refused_with_code_field_and_sentence(world, case):
    document, status, code, field = CASES[case]

    answer = world.call("POST", "/v1/schedules", document)

    assert (answer.status, answer.code) == (status, code)
    assert list(answer.fields) == [field]
    assert answer.fields[field].endswith((".", "?"))
    assert_nothing_written(world)


@pytest.mark.parametrize("case", TEXTS)
def test_a_bad_body_is_refused_with_its_code(world, case):
    text, status, code = TEXTS[case]

    answer = world.call("POST", "/v1/schedules", text=text)

    assert (answer.status, answer.code) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert_nothing_written(world)


@pytest.mark.parametrize("case", CASES)
def test_a_bad_document_leaves_an_existing_schedule_as_it_was(world, case):
    before = world.create().json
    document = CASES[case][0]

    answer = world.call("PUT", "/v1/schedules/nightly-etl", document, headers={"if-match": '"1"'})

    assert answer.status == 400
    assert world.call("GET", "/v1/schedules/nightly-etl").json == before
    assert world.actions == ["schedule.create"]


def test_a_request_without_any_body_is_refused(world):
    for path in ("/v1/schedules", "/v1/login"):
        answer = world.call("POST", path)
        assert (answer.status, answer.code) == (400, "invalid_input")


def test_a_body_of_exactly_the_limit_is_read(world):
    frame = len(json.dumps({"description": ""}))
    text = json.dumps({"description": "x" * (MAX_BODY_BYTES - frame)})
    assert len(text) == MAX_BODY_BYTES
    assert "description" in world.call("POST", "/v1/schedules", text=text).fields


def test_a_body_is_judged_before_the_token(world):
    assert world.call("POST", "/v1/schedules", text=LONG, token=None).code == "body_too_large"
    assert world.call("POST", "/v1/login", text="[" * 60_000, token=None).code == "nesting_too_deep"


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "text/plain", "", "multipart/form-data"]
)
def test_a_body_that_does_not_say_it_is_json_is_refused(world, kind):
    answer = world.call("POST", "/v1/schedules", MINIMAL, headers={"content-type": kind})

    assert (answer.status, answer.code) == (415, "unsupported_media_type")
    assert "application/json" in answer.json["detail"]


def test_a_content_type_with_a_charset_is_fine(world):
    answer = world.call(
        "POST", "/v1/schedules", MINIMAL, headers={"content-type": "Application/JSON; charset=utf-8"}
    )

    assert answer.status == 201


def test_a_body_that_api_gateway_encoded_is_decoded(world):
    encoded = base64.b64encode(json.dumps(MINIMAL).encode()).decode()

    assert world.call("POST", "/v1/schedules", text=encoded, isBase64Encoded=True).status == 201


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (base64.b64encode(b"\xff\xfe{}").decode(), 400, "invalid_json"),
        ("not base64!", 400, "invalid_json"),
        (base64.b64encode(b" " * (MAX_BODY_BYTES + 1)).decode(), 413, "body_too_large"),
        ("A" * 4 * MAX_BODY_BYTES, 413, "body_too_large"),
    ],
    ids=["not UTF-8", "not base64", "large", "larger"],
)
def test_an_encoded_body_that_is_none_is_refused(world, body, status, code):
    answer = world.call("POST", "/v1/schedules", text=body, isBase64Encoded=True)

    assert (answer.status, answer.code) == (status, code)


def test_an_id_in_the_document_that_is_not_the_address_is_refused(world):
    world.create()

    answer = world.call(
        "PUT", "/v1/schedules/nightly-etl", {**MINIMAL, "schedule_id": "other"}, headers={"if-match": '"1"'}
    )

    assert (answer.status, list(answer.fields)) == (400, ["schedule_id"])


def test_a_timeout_the_worker_cannot_keep_is_refused_on_save():
    world = ApiWorld(limits=Limits.of_stack(20, 1, AllowList()))

    answer = world.call(
        "POST", "/v1/schedules", {**MINIMAL, "job": {**MINIMAL["job"], "timeout_seconds": 60}}
    )

    assert answer.status == 400
    assert "WorkerTimeout" in answer.fields["job.timeout_seconds"]
