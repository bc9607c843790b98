"""A run whose row has expired, read from the archive as if it were still there, within bounds."""

import gzip
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from carillon.domain.archive_object import archive_objects
from carillon.domain.archived_run import MAX_EXPANDED, read_document
from carillon.domain.run import Origin, RunState
from carillon.domain.run_change import RunChange
from carillon.domain.run_document import run_document
from carillon.domain.run_id import RunId
from carillon.domain.trace import Trace
from carillon.services.read_archived import LEAST_KEPT, MAX_BYTES, MAX_OBJECTS
from tests.contract.builders import NOW, ended, event, run
from tests.functions.api.world import ApiWorld

SECOND = timedelta(seconds=1)
OLD = ended(
    "nightly-etl",
    NOW,
    state=RunState.FAILED,
    attempt=2,
    reason="http_5xx",
    started_at=NOW + 9 * SECOND,
    ended_at=NOW + 12 * SECOND,
    retry_of=RunId("nightly-etl", "20261121T020000Z"),
    deadline_at=NOW + 60 * SECOND,
    given_trace=Trace("4bf92f3577b34da6a3ce929d0e0e4736"),
    events=(
        event("queued"),
        event("started", NOW + SECOND, RunState.RUNNING, 1),
        event("answered 503", NOW + 12 * SECOND, RunState.FAILED, 2, 3000),
    ),
)
PATH = f"/v1/runs/{OLD.run_id}"


@pytest.fixture
def world():
    made = ApiWorld()
    made.create()
    made.clock.set(NOW + timedelta(days=40))
    made.token = made.token_of("admin")
    return made


def archive(world, *runs, sequence="1"):
    changes = [RunChange(f"{sequence}-{each.run_id}", sequence, None, each) for each in runs]
    world.archive.bodies |= {item.key: item.body for item in archive_objects(changes)}


def test_it_is_the_run_that_it_was_and_says_that_it_is_archived(world):
    world.runs.put_if_absent(OLD)
    before = world.call("GET", PATH).json
    world.database.runs.clear()
    archive(world, ended("nightly-etl", NOW + SECOND), OLD, ended("other", NOW))

    after = world.call("GET", PATH)

    assert (after.status, before["archived"], after.json["archived"]) == (200, False, True)
    assert after.json == before | {"archived": True}


def test_the_steps_of_a_workflow_are_read_with_it_and_alone(world):
    def step(suffix):
        run_id = RunId("nightly-etl", f"{OLD.run_id.run_key}{suffix}")
        return ended("nightly-etl", NOW, run_id=run_id, origin=Origin.STEP, state=RunState.SUCCEEDED)

    beside = ended("nightly-etl", NOW, run_id=OLD.run_id.repetition(1))
    archive(world, step(".extract"), beside, sequence="1")
    archive(world, step(".load"), OLD, sequence="2")

    whole = world.call("GET", PATH).json
    alone = world.call("GET", f"{PATH}.extract").json

    assert [row["step"] for row in whole["steps"]] == ["extract", "load"]
    assert (alone["run_id"], alone["archived"], alone["steps"]) == (f"{OLD.run_id}.extract", True, [])


def test_of_two_lines_the_one_with_the_later_end_counts(world):
    settled = replace(OLD, state=RunState.COMPENSATED, ended_at=OLD.ended_at + SECOND)
    archive(world, settled, sequence="1")
    archive(world, OLD, sequence="2")

    assert world.call("GET", PATH).json["state"] == "COMPENSATED"


def test_a_run_that_was_never_there_is_not_found(world):
    archive(world, ended("nightly-etl", NOW + SECOND))

    answer = world.call("GET", PATH)

    assert (answer.status, answer.code) == (404, "run_not_found")


def test_the_archive_is_not_asked_for_a_run_too_young_to_have_expired(world):
    archive(world, OLD)
    world.clock.set(OLD.fire_at + LEAST_KEPT)
    world.token = world.token_of("admin")

    assert world.call("GET", PATH).status == 200
    world.clock.set(OLD.fire_at + LEAST_KEPT - SECOND)
    world.token = world.token_of("admin")
    world.archive.asked = 0

    assert world.call("GET", PATH).status == 404
    assert world.archive.asked == 0


def test_whoever_may_not_read_the_schedules_runs_makes_no_call_to_the_archive(world):
    archive(world, OLD)
    world.add_user("eve")

    answer = world.call("GET", PATH, token=world.token_of("eve"))

    assert (answer.status, world.archive.asked) == (403, 0)


def test_an_hour_of_many_objects_is_read_up_to_its_bound_and_refused_beyond(world):
    for number in range(MAX_OBJECTS - 1):
        archive(world, ended("other", NOW), sequence=f"{number}")
    archive(world, OLD, sequence="x")
    assert world.call("GET", PATH).status == 200
    assert world.archive.asked == 1 + MAX_OBJECTS
    archive(world, OLD, sequence="y")
    world.archive.asked = 0

    answer = world.call("GET", PATH)

    assert (answer.status, answer.code, world.archive.asked) == (422, "archive_too_large", 1)
    assert "Athena" in answer.json["detail"]


@pytest.mark.parametrize(
    "body", [b"\0" * (MAX_BYTES + 1), gzip.compress(b"\n" * (MAX_EXPANDED + 1))], ids=["stored", "expanded"]
)
def test_what_is_too_large_is_refused(world, body):
    world.archive.bodies["runs/date=2026-11-22/hour=02/1.jsonl.gz"] = body

    assert world.call("GET", PATH).code == "archive_too_large"


@pytest.mark.parametrize(
    "body",
    [
        b"not gzip",
        gzip.compress(f'{{"run_id":"{OLD.run_id}"}}\n'.encode()),
        gzip.compress(f'["run_id":"{OLD.run_id}"]\n'.encode()),
    ],
    ids=["not gzip", "no document", "not JSON"],
)
def test_what_cannot_be_read_says_so(world, body):
    world.archive.bodies["runs/date=2026-11-22/hour=02/1.jsonl.gz"] = body

    assert world.call("GET", PATH).code == "malformed_row"


@pytest.mark.parametrize(
    "first", [OLD, ended(state=RunState.SKIPPED, reason="misfired", skipped_count=7), run()]
)
def test_a_document_read_back_gives_the_same_document(first):
    document = json.loads(json.dumps(run_document(first)))

    assert run_document(read_document(document)) == document
