"""The one JSON shape of a run."""

import json
from datetime import UTC, datetime, timedelta

from carillon.domain.run import Origin, Run, RunEvent, RunState
from carillon.domain.run_document import run_document
from carillon.domain.run_id import RunId
from carillon.domain.trace import Trace

FIRE = datetime(2026, 11, 22, 2, tzinfo=UTC)


def a_run(**changes):
    fields = {
        "run_id": RunId.of_fire_time("nightly-etl", FIRE),
        "generation": 1,
        "origin": Origin.FIRE,
        "state": RunState.QUEUED,
        "fire_at": FIRE,
        "not_before": FIRE,
        "created_at": FIRE - timedelta(seconds=90),
    }
    return Run(**{**fields, **changes})


def test_an_ended_run_tells_its_times_its_lateness_and_its_story():
    start, end = FIRE + timedelta(milliseconds=120), FIRE + timedelta(milliseconds=1620)
    run = a_run(
        state=RunState.SUCCEEDED,
        attempt=1,
        revision=3,
        started_at=start,
        ended_at=end,
        events=(RunEvent(end, RunState.SUCCEEDED, "the target answered 200", 1, 1500),),
    )

    assert run_document(run) == {
        "run_id": "nightly-etl@20261122T020000Z",
        "schedule_id": "nightly-etl",
        "fire_at": "2026-11-22T02:00:00Z",
        "state": "SUCCEEDED",
        "reason": None,
        "origin": "fire",
        "attempt": 1,
        "revision": 3,
        "created_at": "2026-11-22T01:58:30Z",
        "started_at": "2026-11-22T02:00:00.120Z",
        "ended_at": "2026-11-22T02:00:01.620Z",
        "duration_ms": 1500,
        "lateness_ms": 120,
        "skipped_count": None,
        "retry_of": None,
        "deadline_at": None,
        "callback_due_at": None,
        "trace_id": run.trace.trace_id,
        "events": [
            {
                "timestamp": 1795312801620,
                "status": "SUCCEEDED",
                "message": "the target answered 200",
                "duration_ms": 1500,
                "attempt": 1,
            }
        ],
    }


def test_a_queued_run_has_every_key_and_no_made_up_numbers():
    document = run_document(a_run())

    assert document.keys() == run_document(a_run(ended_at=FIRE, started_at=FIRE)).keys()
    assert (document["started_at"], document["duration_ms"], document["lateness_ms"]) == (None, None, None)


def test_a_document_is_plain_json():
    text = json.dumps(run_document(a_run(skipped_count=12)))

    assert json.loads(text)["skipped_count"] == 12


def test_a_retried_run_is_as_late_as_its_first_attempt():
    first, second, end = (FIRE + timedelta(milliseconds=ms) for ms in (40, 5000, 6000))
    run = a_run(
        state=RunState.SUCCEEDED,
        attempt=2,
        started_at=second,
        ended_at=end,
        events=(
            RunEvent(first, RunState.RUNNING, "attempt 1 starts", 1),
            RunEvent(second, RunState.RUNNING, "attempt 2 starts", 2),
        ),
    )

    document = run_document(run)

    assert document["started_at"] == "2026-11-22T02:00:00.040Z"
    assert (document["lateness_ms"], document["duration_ms"]) == (40, 5960)


def test_a_run_tells_the_trace_it_was_given():
    given = Trace("4bf92f3577b34da6a3ce929d0e0e4736", is_sampled=False, state="rojo=1")

    document = run_document(a_run(given_trace=given))

    assert document["trace_id"] == given.trace_id
    assert "rojo" not in json.dumps(document)
