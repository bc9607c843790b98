"""Each API event file, and the answer it is there to show."""

from datetime import UTC, datetime

import pytest

from api.handler import respond
from tests.functions.event_files import event, names

ANSWERS = {
    "api-health": 200,
    "api-login": 200,
    "api-keys": 200,
    "api-openapi": 200,
    "api-create-schedule": 201,
    "api-list-schedules": 200,
    "api-read-schedule": 200,
    "api-replace-schedule": 200,
    "api-pause-schedule": 200,
    "api-resume-schedule": 200,
    "api-trigger-schedule": 202,
    "api-delete-schedule": 204,
    "api-list-runs": 200,
    "api-read-run": 200,
    "api-bad-json": 400,
    "api-bad-schedule": 400,
}


def test_every_api_event_has_its_answer_written_down():
    assert set(ANSWERS) == {name for name in names() if name.startswith("api-")}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_api_event_gets_its_answer(world, name):
    if name != "api-create-schedule":
        # Created two minutes before its time, so that the run which api-read-run names is claimed at once.
        world.clock.set(datetime(2026, 11, 22, 1, 28, tzinfo=UTC))
        world.token = world.token_of("admin")
        world.create(timetable={"expression": "30 2 * * *", "zone": "Europe/Berlin"})
    request = event(name)
    if "authorization" in request["headers"]:
        request["headers"]["authorization"] = f"Bearer {world.token}"

    assert respond(request, world.api)["statusCode"] == ANSWERS[name]
