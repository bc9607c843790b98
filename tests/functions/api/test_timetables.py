"""Previews through the API: drafts and saved schedules, told beforehand."""

from datetime import timedelta

import pytest

BERLIN = {"expression": "30 2 * * *", "zone": "Europe/Berlin", "from": "2027-03-27T00:00:00Z"}


def preview(world, **fields):
    return world.call("POST", "/v1/timetables/preview", fields)


def test_a_preview_explains_the_night_on_which_the_clocks_jump(world):
    answer = preview(world, **BERLIN, count=3).json

    assert answer["sentence"] == "At 02:30 every day, Europe/Berlin time."
    assert [(item["at"], item["local"], item["skipped"]) for item in answer["items"]] == [
        ("2027-03-27T01:30:00Z", "2027-03-27T02:30:00+01:00", False),
        ("2027-03-28T01:00:00Z", "2027-03-28T03:00:00+02:00", False),
        ("2027-03-29T00:30:00Z", "2027-03-29T02:30:00+02:00", False),
    ]
    notes = [item["note"] for item in answer["items"]]
    assert notes == [
        None,
        "02:30:00 does not exist on this day: fires once at the jump, at 03:00:00",
        None,
    ]


def test_a_fire_time_that_a_switch_leaves_out_stands_between_the_others(world):
    items = preview(world, **BERLIN, gap="skip", count=2).json["items"]

    assert [(item["local"], item["skipped"]) for item in items] == [
        ("2027-03-27T02:30:00+01:00", False),
        ("2027-03-28T02:30:00", True),
        ("2027-03-29T02:30:00+02:00", False),
    ]
    assert items[1]["note"] == "02:30:00 does not exist on this day: skipped"


def test_a_preview_stays_between_starts_at_and_ends_at(world):
    span = {"starts_at": "2027-01-01T00:00:00Z", "ends_at": "2027-01-02T06:00:00Z"}

    items = preview(world, expression="0 6 * * *", **span).json["items"]

    assert [item["at"] for item in items] == ["2027-01-01T06:00:00Z", "2027-01-02T06:00:00Z"]


def test_a_preview_begins_now_and_shows_ten_unless_told(world):
    items = preview(world, expression="@hourly").json["items"]

    assert len(items) == 10
    assert items[0]["at"] == "2026-11-22T03:00:00Z"


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"expression": "61 * * * *"}, "expression", ("column 1", "0 to 59")),
        ({"expression": "0 6 * * *", "zone": "Europe/Berln"}, "zone", ("Europe/Berlin",)),
        ({"expression": "0 6 * * *", "count": 101}, "count", ("1 to 100",)),
        ({"expression": "0 6 * * *", "from": "tomorrow"}, "from", ("2026-11-22T02:00:00Z",)),
        ({"expression": "0 6 * * *", "timezone": "UTC"}, "timezone", ("zone",)),
        ({}, "expression", ("30 2 * * *",)),
        ({"expression": "0 6 * * *", "calendars": ["a", "B"]}, "calendars.1", ("de-holidays",)),
        (
            {"expression": "0 6 * * *", "also_at": ["2026-12-24T18:00:00Z", "2026-12-24T18:00:00"]},
            "also_at.1",
            ("2026-12-24T18:00:00Z", "offset"),
        ),
    ],
)
def test_a_bad_question_names_the_field_and_what_would_be_right(world, fields, field, words):
    answer = preview(world, **fields)

    assert (answer.status, answer.code) == (400, "invalid_input")
    assert all(word in answer.fields[field] for word in words), answer.fields


def test_the_upcoming_fire_times_of_a_saved_schedule(world):
    world.create(timetable={"expression": "30 2 * * *", "zone": "Europe/Berlin"})

    answer = world.call("GET", "/v1/schedules/nightly-etl/upcoming?count=2").json

    assert answer["state"] == "active"
    assert [item["at"] for item in answer["items"]] == ["2026-11-23T01:30:00Z", "2026-11-24T01:30:00Z"]


def test_a_paused_schedule_has_nothing_coming_up(world):
    world.create()
    world.call("POST", "/v1/schedules/nightly-etl/pause")

    answer = world.call("GET", "/v1/schedules/nightly-etl/upcoming").json

    assert (answer["state"], answer["items"]) == ("paused", [])


@pytest.mark.parametrize(
    ("changes", "first"),
    [
        ({}, "2026-11-23T02:00:07Z"),
        ({"starts_at": "2026-12-01T00:00:00Z"}, "2026-12-01T00:00:00Z"),
        ({"starts_at": "2026-11-01T06:30:00Z"}, "2026-11-22T06:30:00Z"),
        ({"starts_at": "2026-12-01T00:00:00Z", "anchor": "2026-11-01T03:00:00Z"}, "2026-12-01T03:00:00Z"),
    ],
)
def test_an_interval_is_previewed_as_it_will_be_saved(world, changes, first):
    world.clock.set(world.clock.now() + timedelta(seconds=7))
    timetable = {"expression": "rate(1 day)", **changes}

    items = preview(world, **timetable, count=1).json["items"]
    saved = world.create(timetable=timetable).json

    assert (items[0]["at"], saved["next_fire_at"]) == (first, first)


def test_of_a_pause_with_an_end_what_comes_after_it_is_coming_up(world):
    world.create(timetable={"expression": "0 6 * * *"})
    world.call("POST", "/v1/schedules/nightly-etl/pause", {"until": "2026-11-24T06:00:00Z"})

    answer = world.call("GET", "/v1/schedules/nightly-etl/upcoming?count=2").json

    assert answer["state"] == "paused"
    assert [item["at"] for item in answer["items"]] == ["2026-11-25T06:00:00Z", "2026-11-26T06:00:00Z"]


def test_upcoming_of_no_schedule_is_not_found(world):
    assert world.call("GET", "/v1/schedules/nothing/upcoming").code == "schedule_not_found"
