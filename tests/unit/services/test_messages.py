"""Messages of every kind that a queue can hand over: each has one defined end, and none loses or doubles a run."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from carillon.domain.dispatch import FORMAT, Dispatch
from carillon.domain.errors import MalformedMessage
from carillon.domain.job import Retry
from carillon.domain.outcome import retryable
from carillon.domain.run import RunState
from carillon.domain.run_id import RunId
from carillon.domain.schedule import ScheduleState
from carillon.services.execute import Ending
from tests.fakes.life import Life
from tests.fakes.world import LEASE


@pytest.fixture
def life():
    life = Life(Retry(3))
    life.tick_once()
    return life


def take(life, body):
    """The worker takes this body."""
    return life.execute.execute(body, life.clock.now() + LEASE)


def changed(life, **fields):
    """The run's own message with some fields altered, as somebody with write access to the queue could."""
    return json.dumps({**json.loads(life.queue.sent[0].body), **fields})


def ends_well(life):
    """The run lives on by the sweep alone and ends once."""
    life.queue.sent.clear()
    life.clock.advance(61)
    life.tick_once()
    life.work()
    return life.row.state is RunState.SUCCEEDED and life.row.attempt == 1


def test_a_duplicate_after_the_end_calls_nothing(life):
    message = life.queue.sent[0]
    life.work()
    assert take(life, message.body).ending is Ending.NOT_NEEDED
    assert len(life.target.calls) == 1


def test_a_duplicate_while_the_first_is_worked_on_calls_nothing(life):
    message = life.queue.sent[0]
    endings = []
    life.target.answers = [
        lambda call: (endings.append(take(life, message.body).ending), retryable("http_503", "503"))[1]
    ]
    life.work()
    assert (endings, len(life.target.calls)) == ([Ending.NOT_NEEDED], 1)


def test_a_message_for_the_second_attempt_before_the_first_is_not_needed(life):
    second = changed(life, attempt=2)
    assert take(life, second).ending is Ending.NOT_NEEDED
    assert (life.row.state, life.target.calls) == (RunState.QUEUED, [])


def test_a_message_for_the_first_attempt_after_the_second_began_is_not_needed(life):
    first = life.queue.sent[0]
    life.target.answers = [retryable("http_503", "503"), retryable("http_503", "503")]
    life.work()
    life.work_on()
    assert take(life, first.body).ending is Ending.NOT_NEEDED
    assert (life.row.attempt, len(life.target.calls)) == (2, 2)


def test_a_message_after_the_schedule_was_deleted_ends_the_run_skipped(life):
    life.database.heads["etl"] = replace(life.head(), state=ScheduleState.DELETED)
    assert life.work().ending is Ending.SKIPPED
    assert (life.row.reason, life.target.calls) == ("deleted", [])


def test_a_message_after_the_row_has_expired_is_not_needed(life):
    message = life.queue.sent[0]
    life.work()
    life.database.runs.clear()
    assert take(life, message.body).ending is Ending.NOT_NEEDED
    assert len(life.target.calls) == 1


@pytest.mark.parametrize(
    "fields",
    [{"attempt": 0}, {"attempt": 7}, {"schedule_id": "other"}, {"run_key": "20261122T020001Z"}],
    ids=["an attempt that was", "an attempt to come", "another schedule", "another run"],
)
def test_a_message_that_was_made_to_point_elsewhere_starts_nothing(life, fields):
    assert take(life, changed(life, **fields)).ending is Ending.NOT_NEEDED
    assert life.target.calls == []
    assert ends_well(life)


def test_a_message_that_claims_a_later_time_does_not_go_round_for_ever(life):
    later = changed(life, not_before=32_503_680_000_000)
    assert take(life, later).ending is Ending.NOT_NEEDED
    assert life.clock.slept == []
    assert ends_well(life)


def test_a_message_that_claims_an_earlier_time_starts_nothing_before_the_runs_own(life):
    life.clock.advance(-100)
    early = changed(life, not_before=0)
    assert take(life, early).ending is Ending.NOT_NEEDED
    assert life.target.calls == []
    life.clock.advance(100)
    assert ends_well(life)


def test_a_message_that_is_early_is_sent_again_for_the_time_in_the_row(life):
    life.clock.advance(-100)
    assert take(life, life.queue.sent.pop(0).body).ending is Ending.EARLY
    assert life.queue.sent[0].dispatch.not_before == life.start


@pytest.mark.parametrize("version", [FORMAT - 1, FORMAT + 1], ids=["older", "newer"])
def test_a_message_of_another_format_is_kept_and_its_run_is_woken_by_the_sweep(life, version):
    body = changed(life, v=version)
    with pytest.raises(MalformedMessage, match=f"format {version}"):
        take(life, body)
    life.take_in("m1", body)
    letter = life.kept.get("m1")
    assert (letter.body, f"format {version}" in letter.reason) == (body, True)
    assert [message["alert"] for _, message in life.alerts.published] == ["message_unreadable"]
    assert life.row.state is RunState.QUEUED
    assert ends_well(life)


@pytest.mark.parametrize(
    "fields",
    [
        {"attempt": "1"},
        {"attempt": True},
        {"attempt": -1},
        {"not_before": 10**30},
        {"run_key": "../../etc"},
        {"schedule_id": None},
    ],
    ids=str,
)
def test_a_message_with_fields_that_cannot_be_is_refused_by_name(life, fields):
    with pytest.raises(MalformedMessage):
        take(life, changed(life, **fields))
    assert life.target.calls == []


def test_a_message_received_in_vain_too_often_ends_its_run_and_says_so(life):
    life.take_in("m1", life.queue.sent[0].body)
    assert (life.row.state, life.row.reason) == (RunState.FAILED, "undeliverable")
    assert take(life, life.queue.sent[0].body).ending is Ending.NOT_NEEDED


def test_a_dead_letter_of_an_attempt_that_is_running_ends_nothing(life):
    message = life.queue.sent[0]
    life.target.answers = [lambda call: (life.take_in("m1", message.body), retryable("http_503", "503"))[1]]
    life.work()
    assert life.row.state is RunState.RETRYING
    assert "the run is RUNNING" in life.kept.get("m1").reason


def test_a_retry_whose_message_was_lost_waits_for_the_sweep_and_no_longer(life):
    life.target.answers = [retryable("http_503", "503")]
    life.work()
    life.queue.sent.clear()
    life.clock.set(life.row.not_before + timedelta(seconds=61))
    assert life.tick_once().swept.resent == 1
    life.work()
    assert (life.row.state, life.row.attempt) == (RunState.SUCCEEDED, 2)


def test_a_message_of_a_schedules_former_life_runs_nothing_in_its_present_one(life):
    life.database.heads["etl"] = replace(life.head(), generation=2)
    assert life.work().ending is Ending.SKIPPED
    assert (life.row.reason, life.target.calls) == ("deleted", [])


def test_the_message_of_a_run_is_what_the_row_waits_for(life):
    assert Dispatch.decode(life.queue.sent[0].body) == Dispatch(
        RunId("etl", "20261122T020000Z"),
        1,
        life.start,
        min_revision=1,
        traceparent=life.row.traceparent(1),
    )
