"""Schedules that run after others, at the API: what cannot be asked of them, and of those that they follow."""

import pytest

from tests.functions.api.world import MINIMAL

FOLLOWS = {"after": {"schedule_id": "nightly-etl"}}


@pytest.fixture
def report(world):
    """The path of a schedule that runs after nightly-etl."""
    world.create()
    world.create(schedule_id="report", timetable=FOLLOWS)
    return "/v1/schedules/report"


def delete(world, schedule_id):
    path = f"/v1/schedules/{schedule_id}"
    etag = world.call("GET", path).headers["etag"]
    return world.call("DELETE", path, headers={"if-match": etag})


def test_a_schedule_that_others_follow_is_not_deleted_and_the_refusal_names_them(world, report):
    refused = delete(world, "nightly-etl")
    assert (refused.status, refused.code) == (409, "schedule_followed")
    assert "report" in refused.json["detail"]
    assert world.call("GET", "/v1/schedules/nightly-etl").json["state"] == "active"


def test_it_is_deleted_once_nobody_follows_it(world, report):
    assert delete(world, "report").status == 204
    assert delete(world, "nightly-etl").status == 204


def test_a_follower_that_was_given_times_of_its_own_holds_back_no_deletion(world, report):
    etag = world.call("GET", report).headers["etag"]
    definition = {
        "schedule_id": "report",
        "timetable": {"expression": "0 9 * * *"},
        "job": {"target": {"kind": "http", "url": "https://example.com/report"}},
    }
    assert world.call("PUT", report, definition, headers={"if-match": etag}).status == 200
    assert delete(world, "nightly-etl").status == 204


def test_whoever_may_not_read_a_schedules_runs_cannot_let_one_run_after_it(world):
    world.create()
    own = [
        {"resource": "schedules", "actions": ["create", "edit", "read"], "scope": "owner"},
        {"resource": "runs", "actions": ["read"], "scope": "owner"},
        {"resource": "target", "actions": ["use"], "scope": "any"},
    ]
    assert world.call("POST", "/v1/roles", {"role": "own-only", "permissions": own}).status == 201
    world.add_user("dora", roles=("own-only",))
    token = world.token_of("dora")
    free = {**MINIMAL, "schedule_id": "report"}
    chained = free | {"timetable": FOLLOWS}

    refused = world.call("POST", "/v1/schedules", chained, token=token)
    assert (refused.status, refused.code) == (403, "forbidden")
    assert "runs:read" in refused.json["detail"]

    etag = world.call("POST", "/v1/schedules", free, token=token).headers["etag"]
    edited = world.call("PUT", "/v1/schedules/report", chained, headers={"if-match": etag}, token=token)
    assert (edited.status, edited.code) == (403, "forbidden")


@pytest.mark.parametrize("upstream", ["report", "gone"])
def test_a_schedule_that_would_follow_itself_or_nobody_is_not_created(world, upstream):
    document = {**MINIMAL, "schedule_id": "report", "timetable": {"after": {"schedule_id": upstream}}}
    answer = world.call("POST", "/v1/schedules", document)
    assert (answer.status, list(answer.fields)) == (400, ["timetable.after.schedule_id"])


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_backfill_of_a_follower_is_refused_with_what_to_backfill_instead(world, report, dry_run):
    asked = {"first": "2026-11-01T00:00:00Z", "last": "2026-11-20T00:00:00Z", "dry_run": dry_run}
    answer = world.call("POST", f"{report}/backfills", asked)
    assert (answer.status, answer.code) == (400, "invalid_input")
    assert "runs after nightly-etl" in answer.fields["last"]


def test_a_follower_has_no_fire_time_to_skip(world, report):
    answer = world.call("POST", f"{report}/skip-next", {"count": 1})
    assert (answer.status, answer.code) == (409, "wrong_state")
    assert "runs after nightly-etl" in answer.json["detail"]
