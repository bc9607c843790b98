"""Counts through the API."""

from datetime import UTC, datetime, timedelta

import pytest

from carillon.domain.run import RunState
from carillon.domain.stats import Counts, HourKey, HourStats, LastRun, overview_lane

HOUR = datetime(2026, 11, 22, 2, tzinfo=UTC)


def count(world, hours_ago, owner="nightly-etl", **counts):
    key = HourKey(owner, HOUR - timedelta(hours=hours_ago))
    last = LastRun(f"{owner}@20261122T020000Z", RunState.FAILED, key.hour)
    world.database.stats[key] = HourStats(key, Counts(**counts), last, (), 1)


def test_a_schedules_counts_come_by_hour_with_their_total_and_averages(world):
    world.create()
    count(world, 0, fired=2, succeeded=1, failed=1, timed=2, lateness_ms=300, duration_ms=1000)
    count(world, 3, misfired=4)

    answer = world.call("GET", "/v1/schedules/nightly-etl/stats").json

    assert [hour["hour"] for hour in answer["hours"]] == ["2026-11-21T23:00:00Z", "2026-11-22T02:00:00Z"]
    latest = answer["hours"][1]
    assert (latest["average_lateness_ms"], latest["average_duration_ms"]) == (150, 500)
    assert answer["hours"][0]["average_lateness_ms"] is None
    assert (answer["total"]["fired"], answer["total"]["misfired"]) == (2, 4)


def test_only_the_hours_asked_for_are_answered(world):
    world.create()
    for hours_ago in range(30):
        count(world, hours_ago, fired=1)

    a_day = world.call("GET", "/v1/schedules/nightly-etl/stats").json
    span = world.call(
        "GET", "/v1/schedules/nightly-etl/stats?from=2026-11-21T22:30:00Z&to=2026-11-22T00:10:00Z"
    ).json

    assert a_day["total"]["fired"] == 25
    assert (span["from"], span["to"]) == ("2026-11-21T22:00:00Z", "2026-11-22T00:00:00Z")
    assert span["total"]["fired"] == 3


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("to=2026-11-22", "to"),
        ("from=2026-11-23T00:00:00Z", "from"),
        ("from=2026-10-01T00:00:00Z", "from"),
        ("since=2026-10-01T00:00:00Z", "since"),
    ],
)
def test_a_bad_range_is_refused_by_its_name(world, query, field):
    world.create()
    answer = world.call("GET", f"/v1/schedules/nightly-etl/stats?{query}")
    assert (answer.status, list(answer.fields)) == (400, [field])


def test_the_overview_adds_up_all_lanes(world):
    lanes = {overview_lane(f"schedule-{number}") for number in range(50)}
    for lane in lanes:
        count(world, 0, lane, fired=1)

    answer = world.call("GET", "/v1/stats?hours=1").json

    assert len(lanes) == 4
    assert [(hour["hour"], hour["fired"]) for hour in answer["hours"]] == [("2026-11-22T02:00:00Z", 4)]
    assert world.call("GET", "/v1/stats?hours=169").status == 400


def test_whoever_may_read_some_schedules_only_cannot_count_all(world):
    role = {
        "role": "data-team",
        "permissions": [{"resource": "schedules", "actions": ["read"], "scope": "tag:team=data"}],
    }
    assert world.call("POST", "/v1/roles", role).status == 201
    world.add_user("dora", roles=("data-team",))

    assert world.call("GET", "/v1/stats", token=world.token_of("dora")).status == 403
    assert world.call("GET", "/v1/stats").status == 200


def test_a_schedules_answer_holds_its_counters_and_last_run_when_asked(world):
    world.create()
    count(world, 1, fired=3, succeeded=2, failed=1)
    count(world, 40, fired=9)

    plain = world.call("GET", "/v1/schedules/nightly-etl").json
    answer = world.call("GET", "/v1/schedules/nightly-etl?include=stats").json

    assert "counters" not in plain
    assert answer["counters"]["fired"] == 3
    assert answer["last_run"] == {
        "run_id": "nightly-etl@20261122T020000Z",
        "state": "FAILED",
        "ended_at": "2026-11-22T01:00:00Z",
    }
    assert world.call("GET", "/v1/schedules/nightly-etl?include=all").status == 400


def test_a_schedule_that_never_ran_has_no_last_run(world):
    world.create()
    answer = world.call("GET", "/v1/schedules/nightly-etl?include=stats").json
    assert (answer["last_run"], answer["counters"]["fired"]) == (None, 0)
