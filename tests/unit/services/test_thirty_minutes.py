"""A run waits thirty minutes for a job, by event or by callback, while whatever can go wrong does; nobody sleeps."""

from collections import Counter
from datetime import timedelta

import pytest

from carillon.domain.errors import RunEnded
from carillon.domain.run import RunState
from tests.unit.services.long_job import LONG, RESULT, LongJob

WAYS = ("completion", "callback")


@pytest.fixture(params=WAYS)
def wait(request):
    return request.param


def ended(life):
    return (life.row.state, life.row.reason)


def test_the_run_waits_for_thirty_minutes_and_ends_with_the_result(wait):
    life = LongJob(wait)
    life.live(30)
    assert life.row.state is RunState.WAITING
    life.live(2)
    assert life.row.state is RunState.SUCCEEDED
    assert life.row.ended_at - life.start == LONG
    assert life.outputs.read(life.row) == RESULT
    assert len(life.place.works) == 1


def test_a_process_may_die_at_any_point_of_it(wait):
    calm = LongJob(wait)
    calm.live()
    doubled = 0
    for point, where in enumerate(calm.reaper.points):
        life = LongJob(wait, [point])
        life.live()
        attempts = Counter(work.call.attempt for work in life.place.works)
        assert life.row.state is RunState.SUCCEEDED, where
        assert max(attempts.values()) == 1, f"{where}: an attempt calls its target at most once"
        doubled += len(life.place.works) > 1
    # Only between the call and the row that says so can nobody know that the work has begun.
    assert doubled <= 4
    assert len(calm.reaper.points) >= 200


def test_a_worker_that_dies_while_the_run_waits_starts_nothing_twice(wait):
    calm = LongJob(wait)
    calm.live(29)
    quiet = len(calm.reaper.points)
    calm.live()
    for point in range(quiet, len(calm.reaper.points)):
        life = LongJob(wait, [point])
        life.live()
        assert life.row.state is RunState.SUCCEEDED
        assert len(life.place.works) == 1


def test_a_lost_event_is_made_up_for_by_asking_within_a_quarter_of_an_hour():
    life = LongJob("completion")
    life.tellings = 0
    life.live()
    assert life.row.state is RunState.SUCCEEDED
    assert life.row.ended_at - life.start <= LONG + timedelta(minutes=16)


def test_a_lost_callback_costs_the_attempt_and_the_next_one_ends_the_run():
    life = LongJob("callback", wait_minutes=40)
    life.live(1)
    life.place.works[0].is_told = True
    life.live()
    assert life.row.state is RunState.SUCCEEDED
    assert [work.call.attempt for work in life.place.works] == [1, 2]


def test_a_doubled_callback_or_event_changes_nothing(wait):
    life = LongJob(wait)
    life.tellings = 2
    life.live()
    once = life.row
    life.tell(life.place.works[0])
    assert (life.row, life.refused) == (once, [])
    assert [event.status for event in once.events].count(RunState.SUCCEEDED) == 1


def test_a_callback_or_event_after_the_timeout_changes_nothing(wait):
    life = LongJob(wait, attempts=1, wait_minutes=20)
    life.live(40)
    assert ended(life) == (RunState.TIMED_OUT, f"{wait}_overdue")
    over = life.row
    life.clock.advance(1800)
    life.tell(life.place.works[0])
    assert life.row == over
    assert life.place.works[0].is_stopped is (wait == "completion")
    assert [type(refusal) for refusal in life.refused] == ([] if wait == "completion" else [RunEnded])


def test_a_cancel_ends_it_and_stops_the_work_where_the_service_can(wait):
    life = LongJob(wait)
    life.live(60, {15: life.cancel})
    assert life.row.state is RunState.CANCELLED
    assert life.place.works[0].is_stopped is (wait == "completion")
    over = life.row
    life.clock.advance(1800)
    life.tell(life.place.works[0])
    assert life.row == over


def test_a_process_may_die_at_any_point_of_a_cancel(wait):
    calm = LongJob(wait)
    calm.live(60, {15: calm.cancel})
    for point, where in enumerate(calm.reaper.points):
        life = LongJob(wait, [point])
        life.live(at={15: life.cancel})
        assert life.row.state is RunState.CANCELLED, where
        if wait == "completion":
            assert all(work.is_stopped for work in life.place.works if work.name == name_of_the_last(life)), (
                where
            )


def name_of_the_last(life):
    return life.place.works[-1].name
