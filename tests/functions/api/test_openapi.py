"""The API's own description."""

import pytest
from openapi_spec_validator import validate

from api.admission import PUBLIC
from api.models import ScheduleDocument
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
            assert "422" not in operation["responses"]


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


def test_what_the_api_answers_is_what_it_describes(world):
    from api.models import RunAnswer, RunPage, ScheduleAnswer, SchedulePage

    world.create(timetable={"expression": "* * * * *"})

    ScheduleAnswer.model_validate(world.call("GET", "/v1/schedules/nightly-etl").json)
    SchedulePage.model_validate(world.call("GET", "/v1/schedules").json)
    RunPage.model_validate(world.call("GET", "/v1/schedules/nightly-etl/runs").json)
    RunAnswer.model_validate(world.call("GET", "/v1/runs/nightly-etl@20261122T020100Z").json)
