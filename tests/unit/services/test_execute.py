"""The worker's one verb: what it does with a message, and what it leaves alone."""

from dataclasses import replace
from datetime import timedelta

import pytest

from carillon.domain.dispatch import Dispatch
from carillon.domain.errors import MalformedMessage, Unavailable
from carillon.domain.job import Retry
from carillon.domain.outcome import permanent, retryable
from carillon.domain.run import RunState
from carillon.domain.run_id import RunId
from carillon.domain.schedule import ScheduleState
from carillon.services.execute import Ending
from tests.fakes.world import LEASE, World


@pytest.fixture
def world():
    world = World()
    world.add(expression="0 2 * * *", retry=Retry(max_attempts=3))
    world.tick.run(range(1))
    world.start = world.clock.now()
    return world


def test_a_message_leads_to_one_call_and_the_runs_end(world):
    assert world.work().ending is Ending.EXECUTED
    run = world.run(world.start)
    assert (run.state, run.attempt) == (RunState.SUCCEEDED, 1)
    call = world.target.calls[0]
    assert (call.run_id, call.attempt, call.fire_at) == (str(run.run_id), 1, world.start)


def test_a_duplicate_of_a_finished_message_is_acknowledged_and_calls_nothing(world):
    message = world.queue.sent[0]
    world.work()
    assert world.work(message).ending is Ending.NOT_NEEDED
    assert len(world.target.calls) == 1


def test_a_duplicate_during_the_call_is_acknowledged_and_calls_nothing(world):
    message = world.queue.sent[0]
    endings = []
    world.target.answers = [lambda call: (endings.append(world.work(message).ending), retryable("x", "x"))[1]]
    world.work(message)
    assert endings == [Ending.NOT_NEEDED]
    assert len(world.target.calls) == 1


def test_a_message_that_is_early_is_sent_again_with_the_rest_of_its_delay(world):
    message = world.queue.sent.pop(0)
    world.clock.advance(-30)
    assert world.work(message).ending is Ending.EARLY
    assert world.queue.sent[0].delay_seconds == 30
    assert world.target.calls == []


def test_the_last_fraction_is_waited_out(world):
    world.clock.advance(-1.5)
    world.work()
    assert world.target.calls[0].fire_at == world.start
    assert world.run(world.start).started_at == world.start


def test_the_head_is_asked_after_the_last_fraction_was_waited_out(world):
    sleep = world.clock.sleep

    def paused_meanwhile(seconds):
        sleep(seconds)
        world.database.heads["etl"] = replace(world.head(), state=ScheduleState.PAUSED)

    world.clock.advance(-1.5)
    world.clock.sleep = paused_meanwhile
    world.work()
    assert (world.run(world.start).state, world.target.calls) == (RunState.SKIPPED, [])


def test_a_failed_attempt_is_sent_again_with_its_delay_and_then_succeeds(world):
    world.target.answers = [retryable("http_503", "503"), retryable("http_503", "503")]
    world.work()
    run = world.run(world.start)
    assert (run.state, run.reason) == (RunState.RETRYING, "http_503")
    for _ in range(2):
        world.clock.set(world.run(world.start).not_before)
        world.work()
    run = world.run(world.start)
    assert (run.state, run.attempt, run.reason) == (RunState.SUCCEEDED, 3, None)


def test_the_last_failed_attempt_ends_the_run(world):
    world.target.answers = [retryable("http_503", "503")] * 3
    for _ in range(3):
        world.clock.set(max(world.clock.now(), world.run(world.start).not_before))
        world.work()
    assert world.run(world.start).state is RunState.FAILED
    assert world.queue.sent == []


def test_a_retry_that_comes_before_its_time_is_not_started(world):
    world.target.answers = [retryable("http_503", "503")]
    world.work()
    world.queue.sent.clear()
    early = Dispatch(RunId.of_fire_time("etl", world.start), 2, world.start)
    assert (
        world.execute.execute(early.encode(), world.clock.now() + timedelta(seconds=20)).ending
        is Ending.NOT_NEEDED
    )
    assert len(world.target.calls) == 1


def test_a_permanent_failure_is_final(world):
    world.target.answers = [permanent("http_404", "404 Not Found")]
    world.work()
    assert (world.run(world.start).state, world.run(world.start).reason) == (RunState.FAILED, "http_404")


def test_a_run_whose_schedule_was_paused_is_skipped_with_the_reason(world):
    world.database.heads["etl"] = replace(world.head(), state=ScheduleState.PAUSED)
    assert world.work().ending is Ending.SKIPPED
    run = world.run(world.start)
    assert (run.state, run.reason, world.target.calls) == (RunState.SKIPPED, "paused", [])


def test_a_retry_goes_on_though_the_schedule_was_paused_meanwhile(world):
    world.target.answers = [retryable("http_503", "503")]
    world.work()
    world.database.heads["etl"] = replace(world.head(), state=ScheduleState.PAUSED)
    world.clock.set(world.run(world.start).not_before)
    world.work()
    assert world.run(world.start).state is RunState.SUCCEEDED


def test_a_pause_that_lands_between_the_head_check_and_the_start_wins(world):
    seen = world.runs.transition

    def paused_first(before, after, **held):
        world.runs.transition = seen
        paused = replace(before, claim_id="pause", state=RunState.SKIPPED, ended_at=world.start, wake_at=None)
        world.database.runs[before.run_id] = paused
        return seen(before, after, **held)

    world.runs.transition = paused_first
    assert world.work().ending is Ending.NOT_NEEDED
    assert world.target.calls == []


def test_a_lost_attempts_late_finish_is_shut_out(world):
    def outlive_the_lease(call):
        world.clock.advance(120)
        world.tick.run(range(1))
        return permanent("late", "too late")

    world.target.answers = [outlive_the_lease]
    world.work()
    assert world.run(world.start).state is RunState.RETRYING


def test_a_message_of_a_run_that_does_not_exist_is_acknowledged(world):
    unknown = Dispatch(RunId.of_fire_time("gone", world.start), 1, world.start).encode()
    assert world.execute.execute(unknown, world.clock.now()).ending is Ending.NOT_NEEDED


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{",
        '{"v":2}',
        '{"v":1,"schedule_id":"etl","run_key":"x","attempt":1,"not_before":0}',
        "[" * 99999,
    ],
    ids=["empty", "list", "broken", "newer format", "no run", "deep"],
)
def test_a_body_that_is_no_message_is_refused_by_name(world, body):
    with pytest.raises(MalformedMessage):
        world.execute.execute(body, world.clock.now())


def test_a_message_whose_job_cannot_be_read_for_now_comes_again_and_costs_no_attempt(world):
    revision, message = world.schedules.revision, world.queue.sent[0]
    world.schedules.revision = lambda *key: (_ for _ in ()).throw(Unavailable("no answer"))
    with pytest.raises(Unavailable):
        world.work(message)
    assert (world.run(world.start).state, world.run(world.start).attempt) == (RunState.QUEUED, 0)
    world.schedules.revision = revision
    world.work(message)
    assert (world.run(world.start).state, world.run(world.start).attempt) == (RunState.SUCCEEDED, 1)


def test_an_attempt_that_outlives_its_invocation_has_timed_out_whatever_its_target_says(world):
    def late(call):
        world.clock.advance(LEASE.total_seconds() + 1)
        return permanent("http_404", "404")

    world.target.answers = [late]
    world.work()
    run = world.run(world.start)
    assert run.state is RunState.RETRYING
    assert "outlived its invocation" in run.events[-1].message


def test_an_attempt_whose_invocation_has_no_time_left_calls_nothing(world):
    revision = world.schedules.revision

    def stand_still(*key):
        world.clock.advance(LEASE.total_seconds())
        return revision(*key)

    world.schedules.revision = stand_still
    world.work()
    run = world.run(world.start)
    assert (run.state, run.reason, world.target.calls) == (RunState.RETRYING, "no_time_left", [])


def test_the_job_of_a_revision_is_read_once(world):
    reads = []
    revision = world.schedules.revision
    world.schedules.revision = lambda *key: (reads.append(key), revision(*key))[1]
    world.target.answers = [retryable("http_503", "503")]
    world.work()
    world.clock.set(world.run(world.start).not_before)
    world.work()
    assert reads == [("etl", 1)]
