"""Retries as a stack lives them: which errors, how long, how late, and never past the deadline of all attempts."""

from dataclasses import replace
from datetime import timedelta

import pytest

from carillon.domain.job import Backoff, Retry
from carillon.domain.outcome import permanent, retryable, timed_out
from carillon.domain.run import RunState
from tests.fakes.life import Life


def fixed(seconds, attempts=5, **rules):
    return Retry(attempts, Backoff.FIXED, base_seconds=seconds, cap_seconds=seconds, **rules)


def ending(retry, *answers):
    """The run after its target gave these answers, one an attempt."""
    life = Life(retry)
    life.target.answers = list(answers)
    life.begin()
    while life.row.state is RunState.RETRYING and life.target.answers:
        life.work_on()
    return life.row


def test_an_error_that_retry_on_does_not_name_is_final():
    run = ending(fixed(1, retry_on=("http_503",)), retryable("http_500", "500"))
    assert (run.state, run.attempt) == (RunState.FAILED, 1)
    assert run.events[-1].message == "500"


def test_retry_on_names_single_errors_and_classes():
    run = ending(
        fixed(1, retry_on=("http_5xx", "timeout")),
        retryable("http_500", "500"),
        timed_out("slow"),
        permanent("http_404", "404"),
    )
    assert (run.state, run.attempt, run.reason) == (RunState.FAILED, 3, "http_404")


def test_retry_on_makes_an_error_worth_another_attempt_that_is_final_otherwise():
    run = ending(fixed(1, retry_on=("http_404",)), permanent("http_404", "404"))
    assert run.state is RunState.RETRYING


def test_never_on_takes_away_what_would_be_tried_again():
    run = ending(fixed(1, never_on=("http_503",)), retryable("http_500", "500"), retryable("http_503", "503"))
    assert (run.state, run.attempt, run.reason) == (RunState.FAILED, 2, "http_503")


def test_a_lost_attempt_that_retry_on_does_not_name_is_unknown_at_once():
    life = Life(fixed(1, retry_on=("http_503",)))

    def die(call):
        raise KeyboardInterrupt

    life.target.answers = [die]
    with pytest.raises(KeyboardInterrupt):
        life.begin()
    life.clock.advance(61)
    life.tick_once()
    assert (life.row.state, life.row.reason) == (RunState.UNKNOWN, "attempt_lost")
    assert "attempt_lost is not tried again" in life.row.events[-1].message


def test_a_delay_of_an_hour_is_sent_by_the_sweep_and_not_before_its_time():
    life = Life(fixed(3600))
    life.target.answers = [retryable("http_503", "503")]
    life.begin()
    assert life.row.wake_at == life.row.not_before == life.start + timedelta(hours=1)
    assert life.queue.sent == []
    for minute in range(1, 60):
        life.clock.set(life.start + timedelta(minutes=minute))
        assert life.tick_once().swept.resent == 0
    life.clock.set(life.start + timedelta(minutes=60))
    assert life.tick_once().swept.resent == 1
    life.work()
    assert (life.row.state, life.row.attempt) == (RunState.SUCCEEDED, 2)


def test_a_long_retry_whose_wake_up_is_lost_is_sent_again():
    life = Life(fixed(3600))
    life.target.answers = [retryable("http_503", "503")]
    life.begin()
    life.clock.set(life.start + timedelta(minutes=60))
    life.tick_once()
    life.queue.sent.clear()
    life.clock.advance(121)
    assert life.tick_once().swept.resent == 1
    life.work()
    assert life.row.state is RunState.SUCCEEDED


def test_an_attempt_that_would_begin_past_the_deadline_is_not_waited_for():
    life = Life(fixed(400, deadline_seconds=600))
    life.target.answers = [retryable("http_503", "503")] * 2
    life.begin()
    assert (life.row.state, life.row.deadline_at) == (RunState.RETRYING, life.start + timedelta(seconds=600))
    life.work_on()
    assert (life.row.state, life.row.attempt, life.row.reason) == (RunState.TIMED_OUT, 2, "deadline_passed")
    assert "503" in life.row.events[-1].message


def test_a_retry_that_comes_too_late_to_the_worker_is_not_started():
    life = Life(fixed(500, deadline_seconds=600))
    life.target.answers = [retryable("http_503", "503")]
    life.begin()
    life.clock.advance(601)
    life.work()
    assert (life.row.state, life.row.attempt, life.row.reason) == (RunState.TIMED_OUT, 1, "deadline_passed")
    assert len(life.target.calls) == 1


def test_a_retry_whose_wake_ups_are_all_lost_is_ended_by_the_sweep_at_its_deadline():
    life = Life(fixed(500, deadline_seconds=600))
    life.target.answers = [retryable("http_503", "503")]
    life.begin()
    for minute in range(1, 14):
        life.clock.set(life.start + timedelta(minutes=minute))
        life.tick_once()
        life.queue.sent.clear()
    assert (life.row.state, life.row.reason) == (RunState.TIMED_OUT, "deadline_passed")
    assert life.row.ended_at <= life.start + timedelta(minutes=11)


def test_an_attempt_is_given_no_more_time_than_all_attempts_have_left():
    life = Life(fixed(594, deadline_seconds=600))
    life.target.answers = [retryable("http_503", "503")]
    life.begin()
    life.work_on()
    deadlines = [call.deadline_at for call in life.target.calls]
    assert deadlines == [life.start + timedelta(seconds=10), life.start + timedelta(seconds=600)]


def test_the_deadline_counts_from_the_first_start_not_from_the_fire_time():
    life = Life(fixed(400, deadline_seconds=600))
    life.tick_once()
    life.clock.advance(250)
    life.target.answers = [retryable("http_503", "503")]
    life.work()
    assert life.row.deadline_at == life.start + timedelta(seconds=850)


def test_a_retry_after_beyond_the_deadline_ends_the_run():
    life = Life(fixed(1, deadline_seconds=600))
    life.target.answers = [replace(retryable("http_429", "429"), retry_after_seconds=900)]
    life.begin()
    assert (life.row.state, life.row.reason) == (RunState.TIMED_OUT, "deadline_passed")


def test_a_lost_attempt_past_the_deadline_is_unknown_not_timed_out():
    life = Life(fixed(1, deadline_seconds=30))

    def die(call):
        raise KeyboardInterrupt

    life.target.answers = [die]
    with pytest.raises(KeyboardInterrupt):
        life.begin()
    life.clock.advance(61)
    life.tick_once()
    assert life.row.state is RunState.UNKNOWN
