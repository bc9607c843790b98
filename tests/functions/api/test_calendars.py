"""Calendars, pauses with an end, resuming with catch-up, and skipping, as a client meets them."""

from datetime import timedelta

import pytest

WEEKENDS = {"name": "weekends", "weekdays": ["sat", "sun"]}
EVERY_MINUTE = {"expression": "* * * * *"}


def made(world, **changes):
    answer = world.call("POST", "/v1/calendars", {**WEEKENDS, **changes})
    assert answer.status == 201, answer.text
    return answer


def test_a_calendar_is_created_read_listed_replaced_and_deleted(world):
    created = made(world, ranges=[{"from": "2026-12-24", "to": "2027-01-02"}], dates=["2026-05-01"])
    assert created.headers["location"] == "/v1/calendars/weekends"
    assert created.headers["etag"] == '"1"'
    assert world.call("GET", "/v1/calendars/weekends").json == created.json
    assert world.call("GET", "/v1/calendars").json == {"items": [created.json], "next_cursor": None}

    changed = {"weekdays": ["sun"], "zone": "Europe/Berlin"}
    replaced = world.call("PUT", "/v1/calendars/weekends", changed, headers={"if-match": '"1"'})
    assert (replaced.status, replaced.json["version"], replaced.json["weekdays"]) == (200, 2, ["sun"])

    gone = world.call("DELETE", "/v1/calendars/weekends", headers={"if-match": '"2"'})
    assert gone.status == 204
    assert world.call("GET", "/v1/calendars/weekends").code == "calendar_not_found"
    assert world.actions == ["calendar.create", "calendar.replace", "calendar.delete"]


def test_a_calendar_needs_the_version_that_was_read_and_a_name_of_its_own(world):
    made(world)
    assert world.call("POST", "/v1/calendars", WEEKENDS).code == "calendar_exists"
    assert world.call("PUT", "/v1/calendars/weekends", WEEKENDS).code == "precondition_required"
    stale = world.call("PUT", "/v1/calendars/weekends", WEEKENDS, headers={"if-match": '"9"'})
    assert (stale.status, stale.code) == (412, "version_mismatch")
    assert world.call("DELETE", "/v1/calendars/nothing", headers={"if-match": '"1"'}).status == 404
    assert world.actions == ["calendar.create"]


FAULTS = [
    ({"name": "Über"}, "name"),
    ({"zone": "Berlin"}, "zone"),
    ({"dates": ["2026-12-25", "2026-02-30"]}, "dates.1"),
    ({"dates": ["20261225"]}, "dates.0"),
    ({"dates": "2026-12-25"}, "dates"),
    ({"dates": ["2026-12-25"] * 1001}, "dates"),
    ({"ranges": [{"from": "2026-12-24"}]}, "ranges.0"),
    ({"ranges": [{"from": "2026-12-24", "to": "2026-12-23"}]}, "ranges.0"),
    ({"weekdays": ["sat", "sunday"]}, "weekdays.1"),
    ({"weekdays": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}, "weekdays"),
    ({"weekdays": []}, "dates"),
    ({"version": 3}, "version"),
    ({"holidays": []}, "holidays"),
]


@pytest.mark.parametrize(("changes", "field"), FAULTS)
def test_a_bad_calendar_is_refused_at_its_field(world, changes, field):
    answer = world.call("POST", "/v1/calendars", {**WEEKENDS, **changes})
    assert (answer.status, answer.code, list(answer.fields)) == (400, "invalid_input", [field])


def test_a_calendar_in_use_is_not_deleted_and_the_refusal_names_its_users(world):
    made(world)
    world.create(timetable={"expression": "@daily", "calendars": ["weekends"]})
    refused = world.call("DELETE", "/v1/calendars/weekends", headers={"if-match": '"1"'})
    assert (refused.status, refused.code) == (409, "calendar_in_use")
    assert "nightly-etl" in refused.json["detail"]


def test_a_schedule_cannot_name_a_calendar_that_is_not_there(world):
    document = {
        "schedule_id": "etl",
        "timetable": {"expression": "@daily", "calendars": ["moon"]},
        "job": {"target": {"kind": "http", "url": "https://example.com/etl"}},
    }
    answer = world.call("POST", "/v1/schedules", document)
    assert (answer.status, answer.code) == (400, "missing_calendar")
    assert answer.fields == {"timetable.calendars": "There is no calendar moon; create it first."}
    assert world.actions == []


# ---------------------------------------------------------------- pause until, resume, skip


def test_a_pause_may_have_an_end(world):
    world.create()
    until = world.clock.now() + timedelta(days=1)
    answer = world.call("POST", "/v1/schedules/nightly-etl/pause", {"until": until.isoformat()})
    assert (answer.json["state"], answer.json["paused_until"]) == ("paused", f"{until:%Y-%m-%dT%H:%M:%SZ}")
    assert world.database.heads["nightly-etl"].due_at == until

    past = world.call("POST", "/v1/schedules/nightly-etl/pause", {"until": "2020-01-01T00:00:00Z"})
    assert list(past.fields) == ["until"]
    assert world.call("POST", "/v1/schedules/nightly-etl/pause").json["paused_until"] is None


def test_resume_catches_up_as_the_misfire_policy_says(world):
    policies = {"misfire": {"catch_up": "all", "max_catch_up": 3}}
    world.create(timetable={"expression": "*/10 * * * *"}, policies=policies)
    world.call("POST", "/v1/schedules/nightly-etl/pause")
    world.clock.advance(55 * 60)
    sent = len(world.queue.sent)
    answer = world.call("POST", "/v1/schedules/nightly-etl/resume", {"catch_up": True})

    rows = [run for run in world.database.runs.values() if run.origin == "catch_up"]
    paused = [run for run in world.database.runs.values() if run.reason == "paused"]
    assert answer.json["state"] == "active"
    assert (len(rows), len(paused)) == (3, 2)
    assert len(world.queue.sent) - sent == 3


def test_resume_without_a_policy_to_catch_up_is_refused(world):
    world.create()
    world.call("POST", "/v1/schedules/nightly-etl/pause")
    answer = world.call("POST", "/v1/schedules/nightly-etl/resume", {"catch_up": True})
    assert (answer.status, list(answer.fields)) == (400, ["catch_up"])
    assert world.call("POST", "/v1/schedules/nightly-etl/resume", {"catch_up": 1}).status == 400


def test_skip_next_ends_what_is_claimed_ahead_and_remembers_the_rest(world):
    world.create(timetable=EVERY_MINUTE)
    ahead = sorted(str(run_id) for run_id in world.database.runs)
    answer = world.call("POST", "/v1/schedules/nightly-etl/skip-next", {"count": 5})

    assert answer.status == 200, answer.text
    assert answer.json["skipped_runs"] == ahead
    assert answer.json["skip_next"] == 5 - len(ahead)
    assert {run.reason for run in world.database.runs.values()} == {"skip_next"}
    assert world.call("POST", "/v1/schedules/nightly-etl/skip-next", {"count": 0}).json["skip_next"] == 0
    assert world.actions[1:] == ["schedule.skip_next", "schedule.skip_next"]


@pytest.mark.parametrize("document", [None, {}, {"count": -1}, {"count": 1001}, {"count": "2"}, {"n": 1}])
def test_a_bad_number_to_skip_is_refused(world, document):
    world.create()
    answer = world.call("POST", "/v1/schedules/nightly-etl/skip-next", document)
    assert (answer.status, answer.code) == (400, "invalid_input")


# ---------------------------------------------------------------- a schedule that has ended, with runs ahead


def test_an_ended_schedule_with_claimed_runs_can_be_paused_and_resumed(world):
    at = world.clock.now() + timedelta(seconds=120)
    world.create(timetable={"expression": f"at({at:%Y-%m-%dT%H:%M:%S})"})
    assert world.call("GET", "/v1/schedules/nightly-etl").json["state"] == "ended"
    paused = world.call("POST", "/v1/schedules/nightly-etl/pause")
    assert paused.json["state"] == "paused", paused.text
    resumed = world.call("POST", "/v1/schedules/nightly-etl/resume")
    assert resumed.json["state"] == "ended"
    world.clock.advance(600)
    assert world.call("POST", "/v1/schedules/nightly-etl/pause").code == "wrong_state"
