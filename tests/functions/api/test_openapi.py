"""The API's own description."""

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from api.admission import PUBLIC
from api.examples import EXAMPLES
from api.operations import OPERATIONS
from api.schedule_models import HttpTarget, ScheduleDocument
from carillon.domain.risk import RISKS
from tests.functions.api.world import MINIMAL


@pytest.fixture
def description(world):
    return world.call("GET", "/openapi.json", token=None).json


def test_the_description_is_a_valid_openapi_document(description):
    validate(description)


def test_every_operation_has_a_summary_and_problem_documents_for_its_failures(description):
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], (method, path)
            assert "ValidationError" not in str(operation["responses"]), (method, path)


def bodies(description):
    return {
        f"{method.upper()} {path}": operation["requestBody"]["content"]["application/json"]
        for path, operations in description["paths"].items()
        for method, operation in operations.items()
        if "requestBody" in operation
    }


def test_every_body_has_an_example_that_fits_its_shape(description):
    found = bodies(description)
    assert found.keys() == EXAMPLES.keys()
    for address, body in found.items():
        schema = {**body["schema"], "components": description["components"]}
        Draft202012Validator(schema).validate(body["example"])
        assert body["example"] == EXAMPLES[address]


def test_what_a_risky_operation_answers_instead_is_described(description):
    for address, operation in OPERATIONS.items():
        method, _, path = address.partition(" ")
        answers = description["paths"][path][method.lower()]["responses"]
        assert ("ConfirmationNeeded" in str(answers.get("202"))) is (operation.name in RISKS), address


def test_the_headers_of_a_trigger_are_described(description):
    trigger = description["paths"]["/v1/schedules/{schedule_id}/trigger"]["post"]
    headers = {each["name"]: each["required"] for each in trigger["parameters"] if each["in"] == "header"}
    assert headers == {"X-Timestamp": True, "X-Nonce": True, "Idempotency-Key": False, "If-Match": False}


def test_exactly_the_public_operations_need_no_token(description):
    assert description["security"] == [{"bearer": []}]
    public = {
        (method.upper(), path)
        for path, operations in description["paths"].items()
        for method, operation in operations.items()
        if operation.get("security") == []
    }
    assert public == PUBLIC


def test_the_described_schedule_has_the_defaults_that_the_api_fills_in(world):
    described = ScheduleDocument.model_validate(MINIMAL).model_dump(mode="json")
    answered = world.create().json

    assert described.pop("job")["retry"] == answered["job"]["retry"]
    assert {name: answered[name] for name in described} == described


def test_everything_a_request_of_a_job_can_say_is_described(world):
    target = {
        "kind": "http",
        "method": "PUT",
        "url": "https://example.com/etl",
        "headers": {"X-Team": "data"},
        "body": {"day": "${fire_time:date}"},
        "sign_with": "${secrets.SIGNING_KEY}",
    }
    job = {"target": target, "secrets": {"SIGNING_KEY": "a key of the test"}}

    answered = world.create(job=job).json

    assert HttpTarget.model_validate(answered["job"]["target"]).model_dump() == target


def test_what_the_api_answers_is_what_it_describes(world):
    from api.run_models import RunAnswer, RunPage
    from api.schedule_models import ScheduleAnswer, SchedulePage

    world.create(timetable={"expression": "* * * * *"})

    ScheduleAnswer.model_validate(world.call("GET", "/v1/schedules/nightly-etl").json)
    SchedulePage.model_validate(world.call("GET", "/v1/schedules").json)
    RunPage.model_validate(world.call("GET", "/v1/schedules/nightly-etl/runs").json)
    RunAnswer.model_validate(world.call("GET", "/v1/runs/nightly-etl@20261122T020100Z").json)
