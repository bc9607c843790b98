"""Every transition of the table is made by the services themselves, and so every state is reached."""

from dataclasses import replace
from itertools import pairwise

import pytest

from carillon.domain.job import Retry, Wait
from carillon.domain.outcome import Outcome, OutcomeKind, permanent, retryable, timed_out
from carillon.domain.run import TRANSITIONS, EventKind, RunState
from carillon.domain.schedule import ScheduleState
from tests.fakes.life import ADMIN, Life

_S, _K = RunState, EventKind

REFUSED = permanent("http_404", "404")


def fire(*answers, attempts=2, wait=None, can_be_undone=False, **rules):
    """A run up to the end of its first attempt."""
    life = Life(Retry(attempts, base_seconds=60, **rules), wait=wait)
    if can_be_undone:
        revision = life.database.revisions["etl", 1]
        job = replace(revision.job, compensate=replace(revision.job, wait=None, retry=Retry(1)))
        life.database.revisions["etl", 1] = replace(revision, job=job)
    life.target.answers = list(answers)
    life.begin()
    return life


def queued():
    life = Life()
    life.tick_once()
    return life


def die(call):
    raise KeyboardInterrupt


def lost(attempts):
    life = Life(Retry(attempts))
    life.target.answers = [die]
    with pytest.raises(KeyboardInterrupt):
        life.begin()
    life.clock.advance(61)
    life.tick_once()
    return life


def retrying(**rules):
    return fire(retryable("http_503", "503"), **rules)


def waiting(attempts=2, **wait):
    return fire(attempts=attempts, wait=Wait(**wait))


def paused():
    life = queued()
    life.database.heads["etl"] = replace(life.head(), state=ScheduleState.PAUSED)
    life.work()
    return life


def dead_letter(life):
    life.take_in("m1", life.queue.sent[-1].body)
    return life


def cancelled(life):
    life.stop_run(ADMIN, life.run_id)
    return life


def cancelled_while_running():
    life = Life(Retry(3))

    def ask(call):
        life.stop_run(ADMIN, life.run_id)
        life.clock.advance(5)
        assert call.cancelled()
        return retryable("http_503", "503")

    life.target.answers = [ask]
    life.begin()
    return life


def overdue(life):
    life.clock.advance(3661)
    life.tick_once()
    return life


def past_deadline():
    life = retrying(deadline_seconds=90)
    life.clock.advance(91)
    life.work()
    return life


def given_up(life):
    life.fail(retryable=False, principal=ADMIN)
    return life


def completed(life):
    life.complete()
    return life


def undone(*answers):
    """A run that failed and was taken back, as far as these answers of its compensation let it."""
    life = fire(REFUSED, *answers, can_be_undone=True)
    while life.queue.sent:
        life.work()
    return life


def unknown_and_compensated():
    life = fire(
        Outcome(OutcomeKind.UNKNOWN, "who knows", error="answer_lost"), attempts=1, can_be_undone=True
    )
    life.settle_run.compensate(ADMIN, life.run_id)
    return life


def compensated_again():
    life = undone(REFUSED)
    life.settle_run.compensate(ADMIN, life.run_id)
    return life


def settled():
    life = undone(REFUSED)
    life.settle_run.settle(ADMIN, life.run_id, "taken back by hand")
    return life


def tried_again():
    life = retrying()
    life.work_on()
    return life


SCENARIOS = {
    (_S.QUEUED, _K.START): fire,
    (_S.QUEUED, _K.SKIP): paused,
    (_S.QUEUED, _K.CANCEL): lambda: cancelled(queued()),
    (_S.QUEUED, _K.UNDELIVERABLE): lambda: dead_letter(queued()),
    (_S.RUNNING, _K.SUCCEED): fire,
    (_S.RUNNING, _K.RETRY): retrying,
    (_S.RUNNING, _K.WAIT): waiting,
    (_S.RUNNING, _K.FAIL): lambda: fire(permanent("http_404", "404")),
    (_S.RUNNING, _K.TIME_OUT): lambda: fire(timed_out("slow"), attempts=1),
    (_S.RUNNING, _K.LOSE): lambda: lost(attempts=1),
    (_S.RUNNING, _K.CANCEL): cancelled_while_running,
    (_S.RETRYING, _K.START): tried_again,
    (_S.RETRYING, _K.CANCEL): lambda: cancelled(retrying()),
    (_S.RETRYING, _K.UNDELIVERABLE): lambda: dead_letter(retrying()),
    (_S.RETRYING, _K.FAIL): lambda: given_up(retrying()),
    (_S.RETRYING, _K.TIME_OUT): past_deadline,
    (_S.WAITING, _K.SUCCEED): lambda: completed(waiting()),
    (_S.WAITING, _K.RETRY): lambda: overdue(waiting()),
    (_S.WAITING, _K.FAIL): lambda: given_up(waiting()),
    (_S.WAITING, _K.TIME_OUT): lambda: overdue(waiting(attempts=1)),
    (_S.WAITING, _K.CANCEL): lambda: cancelled(waiting()),
    (_S.RUNNING, _K.COMPENSATE): lambda: fire(REFUSED, can_be_undone=True),
    (_S.RETRYING, _K.COMPENSATE): lambda: dead_letter(retrying(can_be_undone=True)),
    (_S.WAITING, _K.COMPENSATE): lambda: given_up(fire(wait=Wait(), can_be_undone=True)),
    (_S.COMPENSATING, _K.COMPENSATE_DONE): undone,
    (_S.COMPENSATING, _K.COMPENSATE_FAIL): lambda: undone(REFUSED),
    (_S.UNKNOWN, _K.COMPENSATE): unknown_and_compensated,
    (_S.COMPENSATION_FAILED, _K.COMPENSATE): compensated_again,
    (_S.COMPENSATION_FAILED, _K.SETTLE): settled,
}


def test_every_transition_of_the_table_has_a_scenario_and_so_has_every_state():
    assert set(SCENARIOS) == set(TRANSITIONS)
    assert {state for state, _ in SCENARIOS} | {TRANSITIONS[pair] for pair in SCENARIOS} == set(RunState)


@pytest.mark.parametrize(("state", "kind"), SCENARIOS, ids=str)
def test_the_services_make_the_transition(state, kind):
    row = SCENARIOS[state, kind]().row
    moves = set(pairwise(event.status for event in row.events))
    assert (state, TRANSITIONS[state, kind]) in moves
    if row.state is RunState.FAILED:
        # Two events lead from RETRYING to FAILED; only the reason tells which it was.
        assert (row.reason == "undeliverable") is (kind is EventKind.UNDELIVERABLE)


def test_an_outcome_that_nobody_can_tell_is_unknown_when_no_attempt_is_left():
    life = fire(Outcome(OutcomeKind.UNKNOWN, "who knows", error="answer_lost"), attempts=1)
    assert life.row.state is RunState.UNKNOWN
