"""Backfills through the API."""

import pytest

from carillon.domain.run import RunState

RANGE = {"first": "2026-11-10T00:00:00Z", "last": "2026-11-20T00:00:00Z"}
ADDRESS = "/v1/schedules/nightly-etl/backfills"


@pytest.fixture
def backfill(world):
    world.create()
    return world.call("POST", ADDRESS, {**RANGE, "max_concurrent": 2})


def test_a_backfill_is_accepted_with_the_address_of_its_progress(world, backfill):
    assert backfill.status == 202
    shown = world.call("GET", backfill.headers["location"]).json
    assert shown == backfill.json
    assert (shown["state"], shown["reprocess"], shown["order"]) == ("active", "none", "oldest")
    assert shown["progress"] == {
        "fire_times": 10, "done": 0, "failed": 0, "not_run": 0, "running": 2, "passed_over": 0, "left": 8,
    }  # fmt: skip


def test_its_runs_are_runs_of_the_schedule(world, backfill):
    runs = world.call("GET", "/v1/schedules/nightly-etl/runs").json["items"]

    assert [(run["run_id"], run["origin"], run["state"]) for run in runs] == [
        ("nightly-etl@20261111T023000Z", "backfill", "QUEUED"),
        ("nightly-etl@20261110T023000Z", "backfill", "QUEUED"),
    ]
    assert len(world.queue.sent) == 2


def test_a_dry_run_says_what_would_run_and_writes_nothing(world):
    world.create()

    answer = world.call("POST", ADDRESS, {**RANGE, "order": "newest", "dry_run": True})

    assert answer.status == 200
    assert (answer.json["fire_times"], answer.json["would_run"]) == (10, 10)
    assert answer.json["first"][0] == "2026-11-19T02:30:00Z"
    assert answer.json["last"][-1] == "2026-11-10T02:30:00Z"
    assert world.call("GET", ADDRESS).json["items"] == []
    assert not world.database.runs


def test_a_dry_run_shows_ten_from_either_end(world):
    world.create(timetable={"expression": "@hourly"})
    answer = world.call("POST", ADDRESS, {**RANGE, "dry_run": True}).json
    assert (answer["would_run"], len(answer["first"]), len(answer["last"])) == (241, 10, 10)


def test_backfills_are_listed_newest_first_page_by_page(world, backfill):
    world.clock.advance(60)
    second = world.call("POST", ADDRESS, RANGE).json["backfill_id"]

    page = world.call("GET", f"{ADDRESS}?limit=1").json
    rest = world.call("GET", f"{ADDRESS}?limit=1&cursor={page['next_cursor']}").json

    assert [item["backfill_id"] for item in page["items"] + rest["items"]] == [
        second,
        backfill.json["backfill_id"],
    ]


def test_a_cancelled_backfill_says_so_and_can_be_cancelled_again(world, backfill):
    address = backfill.headers["location"]

    assert world.call("DELETE", address).json["state"] == "cancelled"
    again = world.call("DELETE", address)

    assert (again.status, again.json["state_reason"]) == (200, "cancelled by admin")
    assert world.actions[-2:] == ["schedule.backfill", "schedule.backfill_cancel"]
    assert all(run.state is RunState.QUEUED for run in world.database.runs.values())


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"first": None}, "first", "2026-11-01T00:00:00Z"),
        ({"last": "2027-01-01T00:00:00Z"}, "last", "future"),
        ({"first": "2026-11-20T00:00:01Z"}, "first", "before it ends"),
        ({"first": "2026-11-19T23:00:00Z"}, "last", "no fire time"),
        ({"max_concurrent": 51}, "max_concurrent", "1 to 50"),
        ({"order": "latest"}, "order", "oldest, newest"),
        ({"reprocess": "success"}, "reprocess", "none, failed, all"),
        ({"until": "x"}, "until", "no such field"),
    ],
)
def test_a_bad_range_names_the_field_and_what_would_be_right(world, fields, field, words):
    world.create()
    answer = world.call("POST", ADDRESS, {**RANGE, **fields})
    assert (answer.status, answer.code) == (400, "invalid_input")
    assert words in answer.fields[field]


def test_a_backfill_that_is_not_there_is_not_found(world):
    world.create()
    assert world.call("GET", f"{ADDRESS}/20261122t020000z-abcdef").code == "backfill_not_found"
    assert world.call("DELETE", f"{ADDRESS}/%2Fhead").code == "backfill_not_found"
    assert world.call("GET", "/v1/schedules/nothing/backfills").code == "schedule_not_found"


def test_who_may_only_read_sees_backfills_and_begins_none(world, backfill):
    world.add_user("reader", roles=("viewer",))
    token = world.token_of("reader")

    assert world.call("GET", backfill.headers["location"], token=token).status == 200
    assert world.call("POST", ADDRESS, RANGE, token=token).code == "forbidden"
    assert world.call("DELETE", backfill.headers["location"], token=token).code == "forbidden"
