"""The routes of schedules, as a client meets them."""

import json
from dataclasses import replace

import pytest

from carillon.domain.permission import Permission
from carillon.domain.rbac import Grant, Role
from carillon.domain.run_id import RunId
from carillon.domain.scope import Scope
from tests.functions.api.world import MINIMAL, ApiWorld


def test_a_created_schedule_answers_its_definition_its_defaults_and_its_state(world):
    answer = world.call("POST", "/v1/schedules", MINIMAL)

    assert answer.status == 201
    assert answer.headers["location"] == "/v1/schedules/nightly-etl"
    assert answer.headers["etag"] == '"1"'
    body = answer.json
    assert (body["state"], body["revision"], body["head_version"], body["owner"]) == ("active", 1, 1, "admin")
    assert body["next_fire_at"] == "2026-11-22T02:30:00Z"
    assert body["timetable"]["zone"] == "UTC"
    assert body["job"]["retry"]["max_attempts"] == 3
    assert world.call("GET", "/v1/schedules/nightly-etl").json == body


def test_what_is_read_can_be_sent_back_without_what_carillon_sets(world):
    body = world.create().json
    definition = {
        name: body[name]
        for name in ("description", "tags", "sensitive", "timetable", "policies", "job", "alerts")
    }

    answer = world.call("PUT", "/v1/schedules/nightly-etl", definition, headers={"if-match": '"1"'})

    assert answer.status == 200
    assert {name: answer.json[name] for name in definition} == definition
    assert (answer.json["revision"], answer.headers["etag"]) == (2, '"2"')


def test_the_owner_is_who_created_it_and_stays_so(world):
    world.create()
    world.add_user("boss", roles=("admin",))

    answer = world.call(
        "PUT", "/v1/schedules/nightly-etl", MINIMAL, headers={"if-match": '"1"'}, token=world.token_of("boss")
    )

    assert answer.json["owner"] == "admin"


def test_a_second_schedule_of_the_same_id_is_a_conflict(world):
    world.create()

    answer = world.call("POST", "/v1/schedules", MINIMAL)

    assert (answer.status, answer.code) == (409, "schedule_exists")


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_an_edit_without_if_match_changes_nothing(world, method):
    world.create()

    answer = world.call(method, "/v1/schedules/nightly-etl", MINIMAL if method == "PUT" else None)

    assert (answer.status, answer.code) == (428, "precondition_required")
    assert world.actions == ["schedule.create"]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_lost_update_is_refused(world, method):
    world.create()
    world.call("POST", "/v1/schedules/nightly-etl/pause")

    answer = world.call(
        method, "/v1/schedules/nightly-etl", MINIMAL if method == "PUT" else None, headers={"if-match": '"1"'}
    )

    assert (answer.status, answer.code) == (412, "version_mismatch")
    assert world.actions == ["schedule.create", "schedule.pause"]


@pytest.mark.parametrize("value", ['"one"', "*", 'W/"1"', '"1", "2"', "-1", '"' + "9" * 30 + '"', '"¹"'])
def test_an_if_match_that_is_no_etag_of_ours_is_named(world, value):
    world.create()

    answer = world.call("PUT", "/v1/schedules/nightly-etl", MINIMAL, headers={"if-match": value})

    assert (answer.status, list(answer.fields)) == (400, ["If-Match"])


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_pause_and_resume_take_an_if_match_but_need_none(world, verb):
    world.create()
    world.call("POST", f"/v1/schedules/nightly-etl/{'resume' if verb == 'pause' else 'pause'}")
    path = f"/v1/schedules/nightly-etl/{verb}"

    assert world.call("POST", path, headers={"if-match": '"9"'}).code == "version_mismatch"
    assert world.call("POST", path).status == 200


def test_a_paused_schedule_says_so_and_has_no_next_fire_time(world):
    world.create()

    answer = world.call("POST", "/v1/schedules/nightly-etl/pause")

    assert (answer.status, answer.headers["etag"]) == (200, '"2"')
    body = world.call("GET", "/v1/schedules/nightly-etl").json
    assert (body["state"], body["state_reason"], body["next_fire_at"]) == ("paused", "paused by admin", None)
    again = world.call("POST", "/v1/schedules/nightly-etl/pause")
    assert (again.status, again.headers["etag"]) == (200, '"2"')


def test_the_next_fire_time_is_the_next_to_come_although_it_is_claimed_already(world):
    world.create(timetable={"expression": "* * * * *"})

    assert len(world.database.runs) == 3
    assert world.call("GET", "/v1/schedules/nightly-etl").json["next_fire_at"] == "2026-11-22T02:01:00Z"


def test_a_deleted_schedule_is_gone_and_its_runs_are_not(world):
    world.create()
    run = world.call("POST", "/v1/schedules/nightly-etl/trigger").json["run_id"]

    answer = world.call("DELETE", "/v1/schedules/nightly-etl", headers={"if-match": '"1"'})

    assert (answer.status, answer.text) == (204, "")
    assert world.call("GET", "/v1/schedules/nightly-etl").code == "schedule_not_found"
    assert world.call("GET", "/v1/schedules").json["items"] == []
    assert world.call("GET", f"/v1/runs/{run}").json["reason"] == "deleted"


def test_a_trigger_answers_where_to_look(world):
    world.create()

    answer = world.call("POST", "/v1/schedules/nightly-etl/trigger")

    assert (answer.status, answer.json["state"]) == (202, "QUEUED")
    run = world.call("GET", answer.headers["location"]).json
    assert (run["run_id"], run["origin"]) == (answer.json["run_id"], "manual")
    assert run["events"][0]["message"] == "triggered by admin"


def test_a_triggers_payload_is_kept_apart_and_named_in_the_runs_id(world):
    world.create()

    answer = world.call("POST", "/v1/schedules/nightly-etl/trigger", {"payload": {"day": "2026-11-21"}})

    run_id = RunId.parse(answer.json["run_id"])
    assert "~p-" in run_id.run_key
    (run,) = world.database.runs.values()
    assert world.outputs.read(replace(run, run_id=run_id.payload)) == {"day": "2026-11-21"}
    assert "2026-11-21" not in json.dumps(world.call("GET", answer.headers["location"]).json)


@pytest.mark.parametrize("body", [None, {}, {"payload": None}])
def test_a_trigger_without_a_payload_keeps_none(world, body):
    world.create()
    answer = world.call("POST", "/v1/schedules/nightly-etl/trigger", body)
    assert RunId.parse(answer.json["run_id"]).payload is None


@pytest.mark.parametrize(
    ("body", "field", "told"),
    [
        ({"payload": "x" * 32_768}, "payload", "32768 are allowed"),
        ({"pay": 1}, "pay", "payload"),
        ([1], "(body)", ""),
    ],
)
def test_a_payload_that_cannot_be_given_makes_no_run(world, body, field, told):
    world.create()
    answer = world.call("POST", "/v1/schedules/nightly-etl/trigger", body)
    assert (answer.status, answer.code) == (400, "invalid_input")
    assert told in answer.fields[field]
    assert not world.database.runs


@pytest.mark.parametrize("verb", ["pause", "resume", "trigger"])
def test_verbs_refuse_a_body_they_would_ignore(world, verb):
    world.create()

    answer = world.call("POST", f"/v1/schedules/nightly-etl/{verb}", {"note": "for the night"})

    assert (answer.status, answer.code) == (400, "invalid_input")
    assert world.call("POST", f"/v1/schedules/nightly-etl/{verb}", {}).status in (200, 202)


@pytest.mark.parametrize("shards", [1, 3])
def test_pages_of_the_list_hold_every_schedule_once(shards):
    world = ApiWorld(shards=shards)
    names = {f"job-{number:02}" for number in range(23)}
    for name in names:
        world.create(schedule_id=name)

    seen, cursor = [], ""
    for _ in range(30):
        page = world.call("GET", f"/v1/schedules?limit=5{cursor}").json
        assert len(page["items"]) <= 5
        seen += [item["schedule_id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert sorted(seen) == sorted(names)


def test_a_line_of_the_list_has_what_an_overview_needs_and_no_job(world):
    world.create(tags={"team": "data"})

    [item] = world.call("GET", "/v1/schedules").json["items"]

    assert item["tags"] == {"team": "data"}
    assert item["timetable"]["expression"] == "30 2 * * *"
    assert item["state"] == "active"
    assert "job" not in item


def test_runs_are_listed_newest_first_in_pages(world):
    world.create(timetable={"expression": "* * * * *"})

    first = world.call("GET", "/v1/schedules/nightly-etl/runs?limit=2").json
    second = world.call("GET", f"/v1/schedules/nightly-etl/runs?limit=2&cursor={first['next_cursor']}").json

    assert [run["fire_at"][11:16] for run in first["items"] + second["items"]] == ["02:03", "02:02", "02:01"]
    assert second["next_cursor"] is None


def test_a_cursor_of_another_list_is_refused(world):
    world.create(timetable={"expression": "* * * * *"})
    world.create(schedule_id="other", timetable={"expression": "* * * * *"})
    cursor = world.call("GET", "/v1/schedules/nightly-etl/runs?limit=1").json["next_cursor"]

    for path in ("/v1/schedules/other/runs", "/v1/schedules"):
        answer = world.call("GET", f"{path}?cursor={cursor}")
        assert (answer.status, list(answer.fields)) == (400, ["cursor"])


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=ten", "limit=1e9", "cursor=AAAA", "limt=5", "state=FAILED"]
)
def test_a_wrong_query_names_its_parameter(world, query):
    world.create()
    for path in ("/v1/schedules", "/v1/schedules/nightly-etl/runs"):
        answer = world.call("GET", f"{path}?{query}")
        assert (answer.status, list(answer.fields)) == (400, [query.partition("=")[0]])


def test_path_parameters_are_decoded_exactly_once(world):
    world.create(timetable={"expression": "* * * * *"})
    run_id = "nightly-etl@20261122T020100Z"

    assert world.call("GET", f"/v1/runs/{run_id}").status == 200
    assert world.call("GET", f"/v1/runs/{run_id.replace('@', '%40')}").json["run_id"] == run_id
    assert world.call("GET", f"/v1/runs/{run_id.replace('@', '%2540')}").code == "run_not_found"
    assert world.call("GET", "/v1/schedules/nightly%2Detl").status == 200


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v1/schedules/unknown", "schedule_not_found"),
        ("/v1/schedules/unknown/runs", "schedule_not_found"),
        ("/v1/schedules/%2e%2e%2fetc", "schedule_not_found"),
        ("/v1/schedules/%ff%fe", "schedule_not_found"),
        ("/v1/schedules/" + "x" * 3000, "schedule_not_found"),
        ("/v1/runs/unknown", "run_not_found"),
        ("/v1/runs/nightly-etl@20261122T020000Z", "run_not_found"),
        ("/v1/runs/nightly-etl@20261399T990000Z", "run_not_found"),
    ],
    ids=lambda value: value[:40],
)  # fmt: skip
def test_what_does_not_exist_is_a_404_with_its_code(world, path, code):
    answer = world.call("GET", path)

    assert (answer.status, answer.code) == (404, code)


@pytest.mark.parametrize(
    ("method", "path", "document", "permission"),
    [
        ("POST", "/v1/schedules", {**MINIMAL, "schedule_id": "new"}, "schedules:create"),
        ("PUT", "/v1/schedules/nightly-etl", MINIMAL, "schedules:edit"),
        ("DELETE", "/v1/schedules/nightly-etl", None, "schedules:delete"),
        ("POST", "/v1/schedules/nightly-etl/pause", None, "schedules:pause"),
        ("POST", "/v1/schedules/nightly-etl/resume", None, "schedules:resume"),
        ("POST", "/v1/schedules/nightly-etl/trigger", None, "schedules:trigger"),
    ],
)
def test_a_user_who_is_no_admin_may_only_read(world, method, path, document, permission):
    world.create()
    world.add_user("bob", roles=("viewer",))

    answer = world.call(method, path, document, headers={"if-match": '"1"'}, token=world.token_of("bob"))

    assert (answer.status, answer.code) == (403, "forbidden")
    assert permission in answer.json["detail"]
    assert world.actions == ["schedule.create", permission]
    assert world.call("GET", "/v1/schedules/nightly-etl", token=world.token_of("bob")).status == 200


def test_those_that_fire_next_come_first_whatever_their_names_are():
    world = ApiWorld(shards=3)
    for minute in range(10, 40):
        world.create(schedule_id=f"z{60 - minute}", timetable={"expression": f"{minute} 2 * * *"})
    world.create(schedule_id="paused", timetable={"expression": "8 2 * * *"})
    world.call("POST", "/v1/schedules/paused/pause", {"until": "2026-11-22T02:05:00Z"})

    page = world.call("GET", "/v1/schedules?order=next&limit=3").json

    assert [each["schedule_id"] for each in page["items"]] == ["z50", "z49", "z48"]
    assert page["next_cursor"] is None
    assert world.call("GET", "/v1/schedules?order=last").status == 400


def test_those_that_fire_next_are_only_those_that_somebody_may_see(world):
    world.create(schedule_id="ours", tags={"team": "data"}, timetable={"expression": "30 3 * * *"})
    world.create(schedule_id="theirs", timetable={"expression": "10 2 * * *"})
    grant = Grant(Permission.READ_SCHEDULES, Scope.parse("tag:team=data"))
    world.database.roles["data"] = Role(name="data", grants=(grant,), created_at=world.clock.now())
    world.add_user("dana", roles=("data",))

    page = world.call("GET", "/v1/schedules?order=next", token=world.token_of("dana")).json

    assert [each["schedule_id"] for each in page["items"]] == ["ours"]


def test_an_idempotency_key_is_looked_at_in_a_post_alone(world):
    created = world.create()
    headers = {"if-match": created.headers["etag"], "idempotency-key": "once"}

    first = world.call("PUT", "/v1/schedules/nightly-etl", MINIMAL, headers=headers)
    again = world.call("PUT", "/v1/schedules/nightly-etl", MINIMAL, headers=headers)

    assert (first.status, again.status) == (200, 412)
    assert "idempotent-replayed" not in again.headers


def test_a_post_with_an_idempotency_key_is_done_once_and_answered_twice(world):
    answers = [
        world.call("POST", "/v1/schedules", MINIMAL, headers={"idempotency-key": "once"}) for _ in range(2)
    ]
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].text == answers[1].text
    assert [answer.headers.get("idempotent-replayed") for answer in answers] == [None, "true"]
    assert world.actions == ["schedule.create"]
