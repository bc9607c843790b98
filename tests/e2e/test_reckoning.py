"""What counts as a broken promise after workers were killed: each kind is told, and a mended run is none."""

from local.reckoning import reckon

LOST = "attempt 1 was lost: its lease ended without a result; attempt 2 follows in 1.0 s"


def run(run_id, *messages, state="SUCCEEDED", attempt=1):
    events = [{"message": message} for message in (*messages, "done")]
    return {"run_id": run_id, "state": state, "attempt": attempt, "events": events}


def test_a_call_for_each_attempt_that_was_lost_breaks_no_promise():
    found = reckon([run("a"), run("b", LOST, attempt=2)], ["a", "b", "b"], wanted=2)
    assert found.faults == ()
    assert (found.succeeded, found.calls, found.lost_attempts, found.most_attempts) == (2, 3, 1, 2)


def test_a_second_call_that_no_event_explains_is_told():
    assert reckon([run("a")], ["a", "a"], wanted=1).faults == (
        "a was called 2 times, and only 0 of its attempts were lost",
    )


def test_a_run_that_was_never_called_or_did_not_succeed_is_told():
    found = reckon([run("a"), run("b", state="UNKNOWN")], ["b"], wanted=2)
    assert found.faults == ("a was never called", "b ended UNKNOWN: done")


def test_a_missing_row_and_a_call_without_a_row_are_told():
    assert reckon([run("a")], ["a", "b"], wanted=2).faults == (
        "2 runs were due, 1 have a row",
        "b was called and has no row",
    )
