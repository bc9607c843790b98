"""Runs found over all schedules, schedules narrowed down, and revisions."""

from dataclasses import replace
from datetime import timedelta

import pytest

from carillon.domain.run import Origin, RunState
from carillon.domain.run_id import RunId
from tests.contract.builders import NOW, ended, run
from tests.functions.api.world import MINIMAL


def put(world, *runs):
    for each in runs:
        assert world.runs.put_if_absent(each)


def found(world, query, **more):
    answer = world.call("GET", f"/v1/runs?{query}", **more)
    assert answer.status == 200, answer.text
    return [each["run_id"].partition("@")[0] for each in answer.json["items"]], answer.json["next_cursor"]


def failed(name, minutes, state=RunState.FAILED):
    since = timedelta(minutes=minutes)
    return replace(ended(name, NOW - since, state), ended_at=NOW - since, attempt=1)


def test_failures_come_newest_first_with_those_that_were_taken_back(world):
    put(world, failed("a", 3), failed("b", 1, RunState.COMPENSATED), failed("c", 2, RunState.UNKNOWN))
    put(world, failed("d", 1, RunState.SUCCEEDED), run("e"))
    assert found(world, "state=failed") == (["b", "c", "a"], None)
    assert found(world, "state=UNKNOWN") == (["c"], None)
    assert found(world, "state=unfinished") == (["e"], None)
    assert found(world, "state=RUNNING") == ([], None)


def test_failures_of_more_than_a_week_ago_are_asked_for_by_name(world):
    put(world, failed("old", 60 * 24 * 8))
    assert found(world, "state=failed")[0] == []
    since = (NOW - timedelta(days=9)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert found(world, f"state=failed&since={since}")[0] == ["old"]


def test_a_workflow_stands_for_its_steps(world):
    top = failed("flow", 1)
    step = RunId("flow", f"{top.run_id.run_key}.load")
    put(world, top, replace(top, run_id=step, origin=Origin.STEP))
    assert found(world, "state=failed")[0] == ["flow"]


def test_found_runs_come_page_by_page_and_a_cursor_is_good_for_its_own_question(world):
    put(world, *(failed(f"s{number}", number) for number in range(5)))
    first, cursor = found(world, "state=failed&limit=2")
    second, cursor_2 = found(world, f"state=failed&limit=2&cursor={cursor}")
    third, end = found(world, f"state=failed&limit=2&cursor={cursor_2}")
    assert (first + second + third, end) == (["s0", "s1", "s2", "s3", "s4"], None)
    assert world.call("GET", f"/v1/runs?state=unfinished&cursor={cursor}").status == 400


@pytest.mark.parametrize(
    "query", ["", "state=SUCCEEDED", "state=failed&since=yesterday", "state=failed&schedule=a"]
)
def test_a_question_that_no_index_answers_is_refused(world, query):
    assert world.call("GET", f"/v1/runs?{query}").status == 400


def test_only_runs_of_schedules_that_one_may_see_are_found(world):
    for name, team in (("a", "data"), ("b", "web")):
        world.create(schedule_id=name, tags={"team": team})
        put(world, failed(name, 1))
    role = {
        "role": "data-team",
        "permissions": [{"resource": "runs", "actions": ["read"], "scope": "tag:team=data"}],
    }
    assert world.call("POST", "/v1/roles", role).status == 201
    world.add_user("dora", roles=("data-team",))
    assert found(world, "state=failed", token=world.token_of("dora"))[0] == ["a"]


def listed(world, query):
    page = world.call("GET", f"/v1/schedules?{query}").json
    return [each["schedule_id"] for each in page["items"]], page["next_cursor"]


def test_schedules_are_narrowed_down_by_id_owner_state_and_tag(world):
    world.create(schedule_id="etl-orders", tags={"team": "data"})
    world.create(schedule_id="etl-users", tags={"team": "web"})
    world.create(schedule_id="report")
    assert world.call("POST", "/v1/schedules/report/pause").status == 200
    assert listed(world, "search=ETL")[0] == ["etl-orders", "etl-users"]
    assert listed(world, "tag=team")[0] == ["etl-orders", "etl-users"]
    assert listed(world, "tag=team%3Ddata")[0] == ["etl-orders"] or listed(world, "tag=team=data")[0] == [
        "etl-orders"
    ]
    assert listed(world, "state=paused")[0] == ["report"]
    assert listed(world, "owner=nobody")[0] == []
    assert world.call("GET", "/v1/schedules?state=deleted").status == 400


def test_a_page_of_a_search_reads_a_bounded_part_and_the_list_goes_on(world):
    for number in range(30):
        world.create(schedule_id=f"s{number:03}")
    world.create(schedule_id="z-last")
    page, cursor = listed(world, "search=last&limit=1")
    assert (page, bool(cursor)) == ([], True)
    while cursor:
        page, cursor = listed(world, f"search=last&limit=1&cursor={cursor}")
        if page:
            break
    assert page == ["z-last"]


def test_revisions_tell_who_saved_what_newest_first(world):
    world.create()
    document = {**MINIMAL, "timetable": {"expression": "@hourly"}}
    assert world.call("PUT", "/v1/schedules/nightly-etl", document, headers={"if-match": '"1"'}).status == 200
    page = world.call("GET", "/v1/schedules/nightly-etl/revisions").json
    told = [
        (each["revision"], each["saved_by"], each["document"]["timetable"]["expression"])
        for each in page["items"]
    ]
    assert told == [(2, "admin", "@hourly"), (1, "admin", "30 2 * * *")]
    assert world.call("GET", "/v1/schedules/nightly-etl/revisions/1").json == page["items"][1]


@pytest.mark.parametrize(("path", "status"), [("missing/revisions", 404), ("nightly-etl/revisions/9", 404)])
def test_a_revision_that_is_not_there_is_a_404(world, path, status):
    world.create()
    assert world.call("GET", f"/v1/schedules/{path}").status == status
