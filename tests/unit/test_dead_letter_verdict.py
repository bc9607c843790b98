"""Which undeliverable message ends its run."""

from datetime import UTC, datetime

import pytest

from carillon.domain.dead_letter import judge
from carillon.domain.dispatch import Dispatch
from carillon.domain.run import Origin, Run, RunState
from carillon.domain.run_id import RunId

FIRE = datetime(2026, 11, 22, 2, tzinfo=UTC)
RUN_ID = RunId.of_fire_time("nightly-etl", FIRE)


def run_in(state, attempt):
    return Run(
        run_id=RUN_ID,
        generation=1,
        origin=Origin.FIRE,
        state=state,
        fire_at=FIRE,
        not_before=FIRE,
        created_at=FIRE,
        attempt=attempt,
    )


def message(attempt):
    return Dispatch(RUN_ID, attempt, FIRE)


@pytest.mark.parametrize(("state", "attempt"), [(RunState.QUEUED, 0), (RunState.RETRYING, 2)])
def test_a_run_that_waits_for_this_very_attempt_is_ended(state, attempt):
    verdict = judge(message(attempt + 1), run_in(state, attempt))

    assert verdict.ends_run
    assert str(state) in verdict.reason


@pytest.mark.parametrize("state", [state for state in RunState if state not in ("QUEUED", "RETRYING")])
def test_a_run_in_any_other_state_is_left_alone_even_at_this_attempt(state):
    verdict = judge(message(2), run_in(state, 1))

    assert not verdict.ends_run
    assert verdict.reason == f"the run is {state}; it waits for no message"


@pytest.mark.parametrize("attempt", [1, 3])
def test_a_message_for_an_earlier_or_later_attempt_ends_nothing(attempt):
    verdict = judge(message(attempt), run_in(RunState.RETRYING, 1))

    assert not verdict.ends_run
    assert verdict.reason == f"the message is for attempt {attempt}, the run waits for attempt 2"


def test_a_message_whose_run_has_no_row_ends_nothing():
    assert not judge(message(1), None).ends_run
