"""Each API event file, and the answer it is there to show."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from api.handler import respond
from carillon.domain.callback import Callback, token_hash
from carillon.domain.dispatch import Dispatch
from carillon.domain.moments import to_rfc3339
from carillon.domain.run import RunState
from carillon.domain.run_id import RunId
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
    "api-pause-until": 200,
    "api-resume-schedule": 200,
    "api-skip-next": 200,
    "api-create-calendar": 201,
    "api-list-calendars": 200,
    "api-replace-calendar": 200,
    "api-trigger-schedule": 202,
    "api-delete-schedule": 204,
    "api-list-runs": 200,
    "api-read-run": 200,
    "api-run-cancel": 200,
    "api-run-retry": 202,
    "api-run-complete": 200,
    "api-run-fail": 200,
    "api-run-heartbeat": 200,
    "api-run-output": 200,
    "api-run-log": 200,
    "api-list-dead-letters": 200,
    "api-redrive-dead-letter": 202,
    "api-preview-timetable": 200,
    "api-upcoming": 200,
    "api-create-backfill": 202,
    "api-backfill-dry-run": 200,
    "api-list-backfills": 200,
    "api-schedule-stats": 200,
    "api-overview": 200,
    "api-me": 200,
    "api-logout": 204,
    "api-list-users": 200,
    "api-create-service-account": 201,
    "api-list-roles": 200,
    "api-create-role": 201,
    "api-read-audit": 200,
    "api-read-totp": 200,
    "api-begin-totp": 201,
    "api-list-confirmations": 200,
    "api-confirm": 404,
    "api-bad-json": 400,
    "api-bad-schedule": 400,
}


RUN_ID = RunId.parse("nightly-etl@20261122T013000Z")
MESSAGE_ID = "0b6f2f0e-7c5e-4d0a-9c0e-0d9f7b9f7a11"
CALLBACK_TOKEN = "5f0c1d2e3b4a59687786a5b4c3d2e1f0"  # pragma: allowlist secret


def prepare(world, name):
    """Brings the run to where the event finds it."""
    run, now = world.database.runs[RUN_ID], world.clock.now()
    if name == "api-replace-calendar":
        world.call("POST", "/v1/calendars", {"name": "weekends", "weekdays": ["sat", "sun"]})
    if name == "api-run-retry":
        run = replace(run, state=RunState.FAILED, wake_at=None, ended_at=now)
    elif name == "api-run-output":
        world.outputs.keep(run, {"rows": 10000}, now)
    elif name == "api-redrive-dead-letter":
        world.kept.keep(MESSAGE_ID, Dispatch.for_next_attempt(run).encode(), "why", now)
    elif name.startswith("api-run-"):
        callback = Callback(token_hash=token_hash(RUN_ID, CALLBACK_TOKEN), due_at=now + timedelta(hours=1))
        run = replace(run, state=RunState.WAITING, attempt=1, revision=1, callback=callback)
    world.database.runs[RUN_ID] = run


def test_every_api_event_has_its_answer_written_down():
    assert set(ANSWERS) == {name for name in names() if name.startswith("api-")}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_api_event_gets_its_answer(world, name):
    if name != "api-create-schedule":
        # Created two minutes before its time, so that the run which api-read-run names is claimed at once.
        world.clock.set(datetime(2026, 11, 22, 1, 28, tzinfo=UTC))
        world.token = world.token_of("admin")
        world.create(timetable={"expression": "30 2 * * *", "zone": "Europe/Berlin"})
        prepare(world, name)
    request = event(name)
    if "authorization" in request["headers"]:
        request["headers"]["authorization"] = f"Bearer {world.token}"
    if "x-timestamp" in request["headers"]:
        request["headers"]["x-timestamp"] = to_rfc3339(world.clock.now())

    assert respond(request, world.api)["statusCode"] == ANSWERS[name]
