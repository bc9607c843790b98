"""Runs that wait for their target's callback: every way such a wait begins, ends, is repeated or comes too late."""

from dataclasses import replace
from datetime import timedelta

import pytest

from carillon.domain.access import Principal
from carillon.domain.callback import token_hash
from carillon.domain.errors import (
    CallbackAnswered,
    CallbackTokenRefused,
    Forbidden,
    LostRace,
    RunEnded,
    RunNotFound,
    RunNotWaiting,
    Unavailable,
)
from carillon.domain.job import Retry, Wait
from carillon.domain.lifecycle import start
from carillon.domain.outcome import Outcome, OutcomeKind, permanent, retryable
from carillon.domain.run import RunState
from carillon.domain.secrets import Secret
from carillon.services.execute import Ending
from tests.fakes.life import ADMIN, Life

READER = Principal("bob", ())


@pytest.fixture
def life():
    life = Life(Retry(max_attempts=2), wait=Wait(3600))
    life.begin()
    return life


def after(life, **time):
    life.clock.advance(timedelta(**time).total_seconds())
    return life.tick_once().swept


def test_a_job_that_waits_is_waiting_once_its_target_has_answered(life):
    row = life.row
    assert (row.state, row.attempt, row.lease_until) == (RunState.WAITING, 1, None)
    assert row.wake_at == row.callback.due_at == life.start + timedelta(hours=1)


def test_the_row_holds_no_more_than_a_hash_of_the_token(life):
    assert len(life.token) == 32
    assert life.row.callback.token_hash == token_hash(life.row.run_id, life.token)
    assert life.token not in repr(life.database.runs)


TARGET = {"kind": "http", "url": "https://example.com/", "headers": {"Authorization": "${secrets.KEY}"}}


def opened(value):
    """A worker that opens every secret to this value, or fails with it."""

    def open_secrets(run, task, stored):
        if isinstance(value, Exception):
            raise value
        return {"KEY": Secret(value)}

    return open_secrets


def with_a_secret(value="s3cr3t-value", **job):
    """A life whose target is given a secret and calls back."""
    life = Life(Retry(max_attempts=2), wait=True)
    revision = life.database.revisions["etl", 1]
    life.database.revisions["etl", 1] = replace(revision, job=replace(revision.job, target=TARGET))
    life.execute._attempt._open_secrets = opened(value)
    life.execute._attempt._targets["http"] = life.target
    return life


def test_what_a_target_calls_back_loses_the_secrets_that_it_was_given():
    life = with_a_secret()
    life.begin()
    assert life.target.calls[-1].spec["headers"] == {"Authorization": "s3cr3t-value"}
    run = life.complete({"seen": ["s3cr3t-value", "czNjcjN0LXZhbHVl"]}, "logged in with s3cr3t-value")
    assert (run.state, run.events[-1].message) == (RunState.SUCCEEDED, "logged in with ***")
    assert life.outputs.read(run) == {"seen": ["***", "***"]}
    assert run.callback.marks == ()
    assert "s3cr3t" not in repr(life.lines) + repr(life.database.runs)


def test_a_failure_that_is_called_back_loses_them_in_its_reason_too():
    life = with_a_secret("hunter2hunter2")
    life.begin()
    run = life.fail("hunter2hunter2", retryable=False)
    assert (run.state, run.reason) == (RunState.FAILED, "callback_failed")
    assert "hunter2" not in repr(run)


def test_each_attempt_has_marks_of_its_own():
    life = with_a_secret()
    life.begin()
    first = life.row.callback.marks
    life.fail()
    life.work_on()
    assert first
    assert set(first).isdisjoint(life.row.callback.marks)
    assert life.complete("s3cr3t-value").state is RunState.SUCCEEDED
    assert life.outputs.read(life.row) == "***"


def test_without_its_secrets_a_target_is_given_no_token_and_not_called():
    life = with_a_secret(Unavailable("KMS does not answer."))
    life.begin()
    assert (life.row.state, life.target.calls) == (RunState.RETRYING, [])
    assert life.row.callback is None
    assert life.row.events[-1].message.startswith("Nothing was sent")


def test_a_job_that_does_not_wait_gets_no_token():
    life = Life()
    life.begin()
    assert (life.row.state, life.token, life.row.callback) == (RunState.SUCCEEDED, None, None)


def test_a_target_that_fails_is_not_waited_for():
    life = Life(Retry(max_attempts=1), wait=True)
    life.target.answers = [permanent("http_404", "404")]
    life.begin()
    assert (life.row.state, life.row.reason) == (RunState.FAILED, "http_404")


def test_a_callback_ends_the_run_and_keeps_its_output(life):
    life.clock.advance(90)
    run = life.complete({"rows": 7}, "7 rows")
    assert run == life.row
    assert (run.state, run.wake_at, run.events[-1].message) == (RunState.SUCCEEDED, None, "7 rows")
    assert run.events[-1].duration_ms == 90_000
    assert life.outputs.read(run) == {"rows": 7}


def test_the_same_callback_again_is_the_same_answer_without_a_second_effect(life):
    first = life.complete({"rows": 7})
    assert life.complete({"rows": 8}) == first == life.row
    assert life.outputs.read(first) == {"rows": 7}


def test_a_failure_reported_twice_costs_one_attempt(life):
    first = life.fail()
    assert (first.state, first.reason, first.attempt) == (RunState.RETRYING, "disk_full", 1)
    assert life.fail() == first
    assert len(life.queue.sent) == 1


def test_a_failure_reported_again_after_the_next_attempt_began_changes_nothing(life):
    token = life.token
    life.fail()
    life.work_on()
    assert (life.row.state, life.row.attempt) == (RunState.WAITING, 2)
    before = life.row
    assert life.fail(token=token) == before
    with pytest.raises(CallbackAnswered):
        life.complete(token=token)
    assert life.complete().state is RunState.SUCCEEDED


def test_a_failure_that_no_attempt_can_mend_ends_the_run(life):
    run = life.fail("bad_input", retryable=False)
    assert (run.state, run.reason) == (RunState.FAILED, "bad_input")


def test_the_last_attempts_reported_failure_ends_the_run(life):
    life.fail()
    life.work_on()
    assert life.fail().state is RunState.FAILED


def test_a_fast_target_completes_the_run_before_its_own_request_is_answered():
    life = Life(Retry(max_attempts=1), wait=True)
    life.target.answers = [
        lambda call: (life.complete({"fast": True}), Outcome(OutcomeKind.SUCCESS, "202"))[1]
    ]
    assert life.begin().ending is Ending.NOT_NEEDED
    assert life.row.state is RunState.SUCCEEDED
    assert [event.status for event in life.row.events] == ["QUEUED", "RUNNING", "SUCCEEDED"]
    assert life.complete().state is RunState.SUCCEEDED


def test_what_the_target_said_by_callback_outweighs_how_its_request_then_ended():
    life = Life(Retry(max_attempts=3), wait=True)
    life.target.answers = [
        lambda call: (life.complete(), Outcome(OutcomeKind.UNKNOWN, "lost", error="answer_lost"))[1]
    ]
    life.begin()
    assert (life.row.state, life.queue.sent) == (RunState.SUCCEEDED, [])


def test_a_fast_targets_failure_is_one_attempt_however_its_request_then_ended():
    life = Life(Retry(max_attempts=2), wait=True)
    life.target.answers = [lambda call: (life.fail(), retryable("http_503", "503"))[1]]
    life.begin()
    assert (life.row.state, life.row.attempt, life.row.reason) == (RunState.RETRYING, 1, "disk_full")
    assert len(life.queue.sent) == 1


def test_a_callback_is_taken_though_the_worker_died_before_it_wrote_that_it_waits():
    life = Life(Retry(max_attempts=2), wait=True)

    def die(call):
        raise KeyboardInterrupt

    life.target.answers = [die]
    with pytest.raises(KeyboardInterrupt):
        life.begin()
    assert life.row.state is RunState.RUNNING
    assert life.complete().state is RunState.SUCCEEDED


def test_that_it_was_done_comes_too_late_once_the_attempt_was_given_up_as_lost():
    life = Life(Retry(max_attempts=2), wait=True)

    def die(call):
        raise KeyboardInterrupt

    life.target.answers = [die]
    with pytest.raises(KeyboardInterrupt):
        life.begin()
    after(life, seconds=61)
    assert life.row.state is RunState.RETRYING
    with pytest.raises(RunNotWaiting, match="RETRYING"):
        life.complete()
    with pytest.raises(RunNotWaiting):
        life.fail()
    assert life.fail(retryable=False).state is RunState.FAILED


def test_a_callback_that_loses_the_race_looks_again(life):
    transition = life.runs.transition

    def pushed_first(before, after, **held):
        life.runs.transition = transition
        life.database.runs[before.run_id] = replace(before, claim_id="other")
        return transition(before, after, **held)

    life.runs.transition = pushed_first
    assert life.complete().state is RunState.SUCCEEDED


def test_the_sweep_loses_to_a_callback_that_came_while_it_looked(life):
    stale = life.row
    life.complete()
    with pytest.raises(LostRace):
        life.runs.transition(stale, replace(stale, wake_at=life.clock.now()), held_wake=True)


def test_a_callback_after_the_end_is_refused_by_name(life):
    life.stop_run(ADMIN, life.run_id)
    assert life.row.state is RunState.CANCELLED
    for late in (life.complete, life.fail, life.beat):
        with pytest.raises(RunEnded, match="CANCELLED"):
            late()


def test_another_answer_to_an_attempt_that_has_ended_is_refused(life):
    life.complete()
    with pytest.raises(RunEnded):
        life.fail()
    with pytest.raises(RunEnded):
        life.beat()


def test_a_strangers_token_and_an_unknown_run_get_the_same_refusal(life):
    with pytest.raises(CallbackTokenRefused) as wrong:
        life.complete(token="0" * 32)
    with pytest.raises(CallbackTokenRefused) as unknown:
        life.answer.heartbeat(life.caller(), "etl@20200101T000000Z")
    assert str(wrong.value) == str(unknown.value)
    assert life.row.state is RunState.WAITING


def test_a_token_opens_no_other_run(life):
    token = life.token
    life.add("other", "0 2 * * *")
    revision = life.database.revisions["other", 1]
    life.database.revisions["other", 1] = replace(revision, job=replace(revision.job, wait=Wait()))
    life.tick_once()
    life.work()
    other = life.run(life.start, "other")
    assert other.state is RunState.WAITING
    with pytest.raises(CallbackTokenRefused):
        life.answer.heartbeat(life.caller(token=token), str(other.run_id))


def test_a_run_without_a_callback_takes_no_token():
    life = Life()
    life.tick_once()
    with pytest.raises(CallbackTokenRefused):
        life.complete(token="0" * 32)


def test_a_callback_that_does_not_come_costs_the_attempt_and_then_ends_the_run(life):
    assert after(life, hours=1, seconds=1).retried == 1
    assert (life.row.state, life.row.reason) == (RunState.RETRYING, "callback_overdue")
    life.work_on()
    assert (life.row.state, life.row.attempt) == (RunState.WAITING, 2)
    assert after(life, hours=1, seconds=1).timed_out == 1
    assert (life.row.state, life.row.reason) == (RunState.TIMED_OUT, "callback_overdue")
    assert "no callback came in time" in life.row.events[-1].message


def test_the_token_of_an_overdue_attempt_is_known_but_counts_no_more(life):
    token = life.token
    after(life, hours=1, seconds=1)
    life.work_on()
    with pytest.raises(CallbackAnswered):
        life.complete(token=token)
    assert life.row.state is RunState.WAITING


@pytest.mark.parametrize("say", [Life.fail, Life.complete, Life.beat])
def test_the_token_of_an_overdue_attempt_counts_no_more_before_the_next_one_has_its_own(life, say):
    token = life.token
    after(life, hours=1, seconds=1)
    now = life.row.not_before
    life.runs.transition(life.row, start(life.row, now, claim_id="c2", lease_until=now, revision=1))
    with pytest.raises(CallbackAnswered):
        say(life, token=token)
    assert (life.row.state, life.row.attempt) == (RunState.RUNNING, 2)


def test_a_heartbeat_puts_off_the_look_but_never_the_end_of_the_wait():
    life = Life(Retry(max_attempts=1), wait=Wait(300, heartbeat_seconds=120))
    life.begin()
    assert life.row.wake_at == life.start + timedelta(seconds=120)
    life.clock.advance(100)
    assert life.beat().wake_at == life.start + timedelta(seconds=220)
    assert after(life, seconds=60).timed_out == 0
    life.clock.advance(50)
    assert life.beat().wake_at == life.row.callback.due_at == life.start + timedelta(seconds=300)
    assert after(life, seconds=91).timed_out == 1


def test_a_target_that_falls_silent_is_found_before_the_end_of_its_wait():
    life = Life(Retry(max_attempts=1), wait=Wait(3600, heartbeat_seconds=120))
    life.begin()
    assert after(life, seconds=121).timed_out == 1
    assert "no heartbeat came" in life.row.events[-1].message


def test_a_heartbeat_during_the_call_is_welcome_and_writes_nothing():
    life = Life(wait=Wait(3600, heartbeat_seconds=120))
    seen = []
    life.target.answers = [lambda call: (seen.append(life.beat()), Outcome(OutcomeKind.SUCCESS, "202"))[1]]
    life.begin()
    assert (seen[0].state, life.row.state) == (RunState.RUNNING, RunState.WAITING)


def test_the_deadline_of_all_attempts_bounds_the_wait_too():
    life = Life(Retry(max_attempts=5, deadline_seconds=600), wait=Wait(3600))
    life.begin()
    assert life.row.wake_at == life.start + timedelta(seconds=600)
    assert after(life, seconds=601).timed_out == 1
    assert (life.row.state, life.row.reason) == (RunState.TIMED_OUT, "deadline_passed")


def test_an_operator_may_speak_for_the_target_on_record(life):
    run = life.complete(principal=ADMIN)
    assert run.state is RunState.SUCCEEDED
    assert life.actions_of("ada") == ["run.complete"]


def test_a_reader_may_not_speak_for_the_target(life):
    with pytest.raises(Forbidden, match="runs:complete"):
        life.complete(principal=READER)
    assert life.row.state is RunState.WAITING


def test_an_operator_hears_that_a_run_does_not_exist_or_does_not_wait():
    life = Life()
    life.tick_once()
    with pytest.raises(RunNotFound):
        life.answer.heartbeat(life.caller(principal=ADMIN), "etl@20200101T000000Z")
    with pytest.raises(RunNotWaiting, match="QUEUED"):
        life.complete(principal=ADMIN)


def test_a_fail_on_record_of_a_waiting_retry_gives_up_the_attempts_that_are_left():
    life = Life(Retry(max_attempts=5))
    life.target.answers = [retryable("http_503", "503")]
    life.begin()
    assert life.fail(retryable=False, principal=ADMIN).state is RunState.FAILED
    assert life.actions_of("ada") == ["run.fail"]


def test_a_target_is_told_where_to_call_back_when_the_stack_knows_its_address(life):
    assert life.target.calls[0].callback_url is None
    life.execute._attempt._api_url = "https://api.example.com"
    life.fail()
    life.work_on()
    assert life.target.calls[1].callback_url == "https://api.example.com/v1/runs/etl%4020261122T020000Z"
