"""What the sweep does with a run that is past its wake_at."""

from dataclasses import replace
from datetime import timedelta

import pytest

from carillon.domain.job import Retry
from carillon.domain.recovery import LOOK_AGAIN, Action, expire, look_after
from carillon.domain.run import RunState

from .test_lifecycle import NOON, a_run, running

LATER = NOON + timedelta(minutes=5)


def test_a_run_before_its_wake_up_is_left_alone():
    assert look_after(a_run(), NOON).action is Action.NOTHING


def test_an_ended_run_is_left_alone():
    ended = replace(running(), state=RunState.SUCCEEDED, wake_at=None)
    assert look_after(ended, LATER).action is Action.NOTHING


@pytest.mark.parametrize(("sends", "minutes"), [(0, 1), (1, 2), (2, 4), (3, 8), (4, 15), (50, 15)])
def test_a_wake_up_is_sent_again_at_doubling_pauses_up_to_a_quarter_of_an_hour(sends, minutes):
    recovery = look_after(a_run(sends=sends), LATER)
    assert recovery.action is Action.RESEND
    assert recovery.pushed.wake_at == LATER + timedelta(minutes=minutes)
    assert recovery.pushed.sends == sends + 1


def test_a_running_attempt_with_a_lease_is_looked_at_again_when_the_lease_ends():
    held = running(lease_until=LATER + timedelta(seconds=9))
    recovery = look_after(held, LATER)
    assert (recovery.action, recovery.pushed.wake_at) == (Action.EXTEND, held.lease_until)


def test_a_running_attempt_past_its_lease_is_expired_after_its_wake_up_was_pushed():
    recovery = look_after(running(), LATER)
    assert (recovery.action, recovery.pushed.wake_at) == (Action.EXPIRE, LATER + LOOK_AGAIN)


def test_a_lost_attempt_is_tried_again_under_a_fresh_claim_id():
    run = expire(running(), Retry(max_attempts=3), LATER, 0.5, "c2")
    assert (run.state, run.attempt, run.claim_id) == (RunState.RETRYING, 1, "c2")
    assert run.not_before == LATER + timedelta(seconds=1)
    assert "lease ended" in run.events[-1].message


def test_a_lost_last_attempt_is_unknown_not_failed():
    run = expire(running(), Retry(max_attempts=1), LATER, 0.5, "c2")
    assert (run.state, run.reason) == (RunState.UNKNOWN, "attempt_lost")


@pytest.mark.parametrize(("seconds_left", "looked_at_after"), [(300, 300), (5000, 900), (20, 60), (-5, 60)])
def test_a_workflow_is_looked_at_no_later_than_its_deadline(seconds_left, looked_at_after):
    deadline_at = LATER + timedelta(seconds=seconds_left)
    workflow = replace(running(), lease_until=None, deadline_at=deadline_at, sends=9)
    recovery = look_after(workflow, LATER)
    assert recovery.action is Action.ADVANCE
    assert recovery.pushed.wake_at == LATER + timedelta(seconds=looked_at_after)


@pytest.mark.parametrize(("seconds_left", "looked_at_after"), [(300, 300), (5000, 900)])
def test_a_retry_is_looked_at_no_later_than_the_deadline_of_all_attempts(seconds_left, looked_at_after):
    deadline_at = LATER + timedelta(seconds=seconds_left)
    waiting = replace(running(), state=RunState.RETRYING, lease_until=None, deadline_at=deadline_at, sends=9)
    recovery = look_after(waiting, LATER)
    assert recovery.action is Action.RESEND
    assert recovery.pushed.wake_at == LATER + timedelta(seconds=looked_at_after)
