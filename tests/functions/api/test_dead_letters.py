"""Dead letters over the API: listed newest first, sent again only where a run still waits for them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from carillon.domain.dispatch import Dispatch
from carillon.domain.run import RunState


@pytest.fixture
def run(world):
    world.create(timetable={"expression": "* * * * *"})
    return next(iter(world.database.runs.values()))


def keep(world, message_id, body, reason="why"):
    world.kept.keep(message_id, body, reason, world.clock.now())


def redrive(world, message_id, **call):
    return world.call("POST", f"/v1/dead-letters/{message_id}/redrive", **call)


def test_letters_are_listed_newest_first_in_pages(world):
    for number in range(5):
        keep(world, f"m{number}", "{}")
        world.clock.advance(60)
    world.token = world.token_of("admin")
    first = world.call("GET", "/v1/dead-letters?limit=3").json
    second = world.call("GET", f"/v1/dead-letters?limit=3&cursor={first['next_cursor']}").json
    assert [letter["message_id"] for letter in first["items"]] == ["m4", "m3", "m2"]
    assert [letter["message_id"] for letter in second["items"]] == ["m1", "m0"]
    assert second["next_cursor"] is None
    assert first["items"][0] == {
        "message_id": "m4",
        "reason": "why",
        "kept_at": "2026-11-22T02:04:00Z",
        "body": "{}",
        "is_cut": False,
        "redriven_at": None,
        "redriven_by": None,
    }


def test_a_letter_that_its_run_still_waits_for_is_sent_again_on_record(world, run):
    keep(world, "m1", Dispatch.for_next_attempt(run).encode())
    sent = len(world.queue.sent)
    answer = redrive(world, "m1")
    assert (answer.status, answer.json) == (202, {"run_id": str(run.run_id), "attempt": 1})
    assert world.queue.sent[sent].dispatch == Dispatch.for_next_attempt(run)
    assert world.actions[-1] == "dead-letter.redrive"
    (letter,) = world.call("GET", "/v1/dead-letters").json["items"]
    assert (letter["redriven_at"], letter["redriven_by"]) == ("2026-11-22T02:00:00Z", "admin")


def test_a_letter_is_sent_again_for_the_time_that_stands_in_the_row(world, run):
    early = replace(Dispatch.for_next_attempt(run), not_before=run.not_before - timedelta(days=1))
    keep(world, "m1", early.encode())
    redrive(world, "m1")
    assert world.queue.sent[-1].dispatch.not_before == run.not_before


def test_a_letter_whose_run_has_ended_is_not_sent_and_says_what_would_help(world, run):
    ended = replace(run, state=RunState.FAILED, wake_at=None, ended_at=world.clock.now())
    world.database.runs[run.run_id] = ended
    keep(world, "m1", Dispatch.for_next_attempt(run).encode())
    sent = len(world.queue.sent)
    answer = redrive(world, "m1")
    assert (answer.status, answer.code) == (409, "message_not_wanted")
    assert "the run is FAILED" in answer.json["detail"]
    assert "retry" in answer.json["detail"]
    assert len(world.queue.sent) == sent
    assert "dead-letter.redrive" not in world.actions


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("{", "no dispatch message"),
        ('{"v":9}', "format 9"),
        (
            '{"v":1,"schedule_id":"gone","run_key":"20261122T020000Z","attempt":1,"not_before":0}',
            "no row any more",
        ),
    ],
    ids=["broken", "newer", "gone"],
)
def test_a_letter_that_points_at_nothing_is_not_sent_and_says_why(world, body, told):
    keep(world, "m1", body)
    answer = redrive(world, "m1")
    assert (answer.status, answer.code) == (409, "message_not_wanted")
    assert told in answer.json["detail"]


def test_a_letter_for_another_attempt_is_not_sent(world, run):
    keep(world, "m1", replace(Dispatch.for_next_attempt(run), attempt=4).encode())
    assert "attempt 4" in redrive(world, "m1").json["detail"]


def test_a_letter_that_is_not_there_is_not_found(world):
    assert redrive(world, "nobody").code == "dead_letter_not_found"


def test_a_queue_that_takes_nothing_is_told(world, run):
    keep(world, "m1", Dispatch.for_next_attempt(run).encode())
    world.queue.refuse = {run.run_id}
    answer = redrive(world, "m1")
    assert (answer.status, answer.code) == (503, "unavailable")


def test_sending_again_needs_its_permission(world, run):
    keep(world, "m1", Dispatch.for_next_attempt(run).encode())
    world.add_user("bob")
    assert redrive(world, "m1", token=world.token_of("bob")).status == 403


def test_only_letters_that_one_may_see_are_listed(world):
    for message_id in ("etl-1", "web-1"):
        keep(world, message_id, "{}")
    permissions = [{"resource": "dead-letters", "actions": ["read"], "scope": "id:etl-*"}]
    assert world.call("POST", "/v1/roles", {"role": "etl-team", "permissions": permissions}).status == 201
    world.add_user("dora", roles=("etl-team",))

    answer = world.call("GET", "/v1/dead-letters", token=world.token_of("dora")).json

    assert [letter["message_id"] for letter in answer["items"]] == ["etl-1"]
