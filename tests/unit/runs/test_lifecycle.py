"""The only ways a run's row may change."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from carillon.domain.errors import InvalidTransition
from carillon.domain.job import Retry
from carillon.domain.lifecycle import advance, finish, is_sent_at_once, retry, skip, start, undeliverable
from carillon.domain.new_run import RESEND_AFTER, missed_stretch, queued
from carillon.domain.outcome import Outcome, OutcomeKind, permanent, retryable, timed_out
from carillon.domain.retry import RetryDecision, follow_up
from carillon.domain.run import MAX_EVENTS, TRANSITIONS, UNFINISHED, EventKind, Origin, RunState, target_state
from carillon.domain.run_id import RunId

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LAST = RetryDecision(None, "attempt 1 of 1 was the last")


def a_run(**changes):
    run = queued(
        RunId.of_fire_time("etl", NOON),
        1,
        Origin.FIRE,
        fire_at=NOON,
        now=NOON - timedelta(minutes=2),
        message="claimed",
    )
    return replace(run, **changes)


def running(**changes):
    run = start(a_run(), NOON, claim_id="c1", lease_until=NOON + timedelta(seconds=25), revision=3)
    return replace(run, **changes)


def test_what_a_target_said_and_what_follows_are_told_as_one_sentence():
    follows = RetryDecision(NOON + timedelta(seconds=2), "attempt 2 follows in 2.0 s")
    ended = finish(running(), retryable("http_503", "The target answered 503."), follows, NOON)
    assert ended.events[-1].message == "The target answered 503; attempt 2 follows in 2.0 s"


@pytest.mark.parametrize("state", RunState)
@pytest.mark.parametrize("kind", EventKind)
def test_every_pair_leads_where_the_table_says_or_is_refused(state, kind):
    if (state, kind) in TRANSITIONS:
        assert target_state(state, kind) is TRANSITIONS[state, kind]
    else:
        with pytest.raises(InvalidTransition, match=f"{state}.*{kind}"):
            target_state(state, kind)


def test_terminal_states_absorb_but_for_the_operators_edges():
    leaving = {pair for pair in TRANSITIONS if pair[0] not in UNFINISHED}
    assert leaving == {
        (RunState.UNKNOWN, EventKind.COMPENSATE),
        (RunState.COMPENSATION_FAILED, EventKind.COMPENSATE),
        (RunState.COMPENSATION_FAILED, EventKind.SETTLE),
    }


def test_every_state_is_reached_from_queued():
    reached = {RunState.QUEUED}
    for _ in RunState:
        reached |= {after for (before, _), after in TRANSITIONS.items() if before in reached}
    assert reached == set(RunState)


def test_a_queued_run_is_looked_after_a_minute_past_its_time():
    assert a_run().wake_at == NOON + RESEND_AFTER


def test_a_start_counts_the_attempt_pins_the_revision_and_leaves_wake_at_alone():
    run = running()
    assert (run.state, run.attempt, run.revision, run.claim_id) == (RunState.RUNNING, 1, 3, "c1")
    assert run.wake_at == a_run().wake_at


def test_a_retry_keeps_the_revision_of_the_first_attempt():
    waiting = retry(running(), NOON, NOON, "again", reason="http_503")
    again = start(waiting, NOON, claim_id="c2", lease_until=NOON + timedelta(seconds=25), revision=9)
    assert (again.attempt, again.revision) == (2, 3)


def test_success_ends_the_run_and_takes_it_from_the_sweep():
    run = finish(running(), Outcome(OutcomeKind.SUCCESS, "200 OK"), LAST, NOON + timedelta(seconds=2))
    assert (run.state, run.wake_at, run.lease_until) == (RunState.SUCCEEDED, None, None)
    assert run.ended_at == NOON + timedelta(seconds=2)
    assert run.events[-1].duration_ms == 2000


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (permanent("http_404", "404"), RunState.FAILED),
        (retryable("http_503", "503"), RunState.FAILED),
        (timed_out("too slow"), RunState.TIMED_OUT),
        (Outcome(OutcomeKind.UNKNOWN, "who knows", error="lost"), RunState.UNKNOWN),
    ],
    ids=["permanent", "retryable", "timed out", "unknown"],
)
def test_the_last_attempts_failure_ends_the_run(outcome, state):
    run = finish(running(), outcome, LAST, NOON)
    assert (run.state, run.reason) == (state, outcome.error)


def test_a_permanent_failure_is_not_tried_again_though_attempts_are_left():
    outcome = permanent("http_404", "404")
    decision = follow_up(Retry(max_attempts=3), running(), outcome, NOON, 0.5)
    assert finish(running(), outcome, decision, NOON).state is RunState.FAILED


def test_a_retryable_failure_waits_with_a_wake_up_a_minute_after_its_time():
    at = NOON + timedelta(seconds=30)
    run = finish(running(), retryable("http_503", "503"), RetryDecision(at, "attempt 2 follows"), NOON)
    assert (run.state, run.not_before, run.wake_at) == (RunState.RETRYING, at, at + RESEND_AFTER)
    assert is_sent_at_once(run)


def test_a_delay_that_sqs_cannot_hold_is_left_to_the_sweep():
    at = NOON + timedelta(minutes=16)
    run = retry(running(), NOON, at, "later", reason="http_503")
    assert run.wake_at == at
    assert not is_sent_at_once(run)


def test_an_unfinished_run_without_a_wake_up_cannot_be_made():
    with pytest.raises(ValueError, match="needs a wake_at"):
        advance(running(wake_at=None), EventKind.RETRY, NOON, "no wake-up", not_before=NOON)


def test_a_skipped_run_tells_the_reason_and_who_wrote_it():
    run = skip(a_run(), NOON, "paused", "the schedule was paused", "c9")
    assert (run.state, run.reason, run.claim_id) == (RunState.SKIPPED, "paused", "c9")
    assert run.events[-1].message == "the schedule was paused"


def test_an_undeliverable_run_fails():
    run = undeliverable(a_run(), NOON, "five receives", "c9")
    assert (run.state, run.reason) == (RunState.FAILED, "undeliverable")


def test_a_running_run_cannot_be_called_undeliverable():
    with pytest.raises(InvalidTransition):
        undeliverable(running(), NOON, "five receives", "c9")


def test_the_story_is_bounded_and_keeps_its_beginning_and_its_end():
    run = a_run()
    for number in range(100):
        run = run.noted(NOON, f"line {number}")
    assert len(run.events) == MAX_EVENTS
    assert run.events[0].message == "claimed"
    assert run.events[-1].message == "line 99"


def test_a_missed_stretch_has_a_key_of_its_own_and_counts():
    run = missed_stretch(
        "etl", 1, first=NOON, last=NOON + timedelta(hours=3), count=181, now=NOON, reason="misfired"
    )
    assert run.run_id.run_key == "20261122T120000Z~missed-20261122t150000z"
    assert RunId.parse(str(run.run_id)) == run.run_id
    assert (run.state, run.skipped_count) == (RunState.SKIPPED, 181)
