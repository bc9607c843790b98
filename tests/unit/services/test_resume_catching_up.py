"""Resuming with catch-up: what was claimed ahead before the pause is caught up on like what was not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from carillon.domain.calendars import Calendar
from carillon.domain.definition import read_definition
from carillon.domain.run import Origin, RunState
from carillon.domain.run_id import RunId
from carillon.domain.schedule import ScheduleState
from tests.unit.services.operator_stack import ADMIN, LIMITS, NOON, Stack

MINUTE = timedelta(minutes=1)


class Paused(Stack):
    """A schedule with a catch-up policy that is paused, perhaps with fire times claimed ahead."""

    def __init__(self, expression, catch_up="latest", at=NOON, **timetable):
        super().__init__(at)
        self.policies = {"misfire": {"catch_up": catch_up}}
        self.create(expression, **timetable)
        self.tick.run(range(1))

    def definition(self, expression="* * * * *", **timetable):
        document = {
            "schedule_id": "etl",
            "timetable": {"expression": expression, **timetable},
            "policies": self.policies,
            "job": {"target": {"kind": "http", "url": "https://example.com/"}},
        }
        return read_definition(document, LIMITS, self.clock.now())

    def resume_catching_up(self, minutes=60):
        self.clock.set(max(self.clock.now(), NOON + minutes * MINUTE))
        return self.api.resume_schedule(ADMIN, "etl", catch_up=True)

    def caught_up(self):
        runs = [run for run in self.database.runs.values() if run.origin is Origin.CATCH_UP]
        return [run.run_id.run_key for run in sorted(runs, key=lambda run: run.not_before)]


def test_a_daily_run_that_a_pause_kept_from_running_is_caught_up_on():
    stack = Paused("2 12 * * *")
    stack.pause()
    stack.work_in_time()
    assert stack.states() == {"12:02:00": "paused"}

    stack.resume_catching_up()
    assert stack.caught_up() == ["20261122T120200Z~r1"]
    stack.work_in_time()
    again = stack.database.runs[RunId("etl", "20261122T120200Z~r1")]
    assert (again.state, again.fire_at) == (RunState.SUCCEEDED, NOON + 2 * MINUTE)
    assert str(again.retry_of) == "etl@20261122T120200Z"


def test_a_one_shot_is_caught_up_on_although_its_schedule_has_ended():
    stack = Paused("at(2026-11-22T12:02:00)")
    stack.pause()
    stack.work_in_time()
    assert stack.resume_catching_up().state is ScheduleState.ENDED
    assert stack.caught_up() == ["20261122T120200Z~r1"]


def test_the_newest_are_chosen_whether_they_were_claimed_or_not_and_run_oldest_first():
    stack = Paused("* * * * *", "all")
    stack.pause()
    stack.work_in_time()
    stack.resume_catching_up(minutes=5)
    # 12:01 to 12:03 were claimed before the pause, 12:04 and 12:05 were not.
    assert [key[9:13] for key in stack.caught_up()] == ["1201", "1202", "1203", "1204", "1205"]


def test_what_fills_the_policy_by_itself_leaves_no_room_for_older_ones():
    stack = Paused("* * * * *", "latest")
    stack.pause()
    stack.work_in_time()
    stack.resume_catching_up(minutes=5)
    assert stack.caught_up() == ["20261122T120500Z"]


def test_an_earlier_pause_is_over_and_what_it_kept_stays_as_it_is():
    stack = Paused("2 12 * * *")
    stack.pause()
    stack.work_in_time()
    stack.clock.set(NOON + 10 * MINUTE)
    stack.resume()
    stack.pause()
    stack.resume_catching_up()
    assert stack.caught_up() == []


def test_a_run_that_has_started_before_the_pause_is_not_caught_up_on():
    stack = Paused("2 12 * * *")
    stack.work_in_time()
    stack.pause()
    stack.resume_catching_up()
    assert stack.caught_up() == []


def test_what_was_run_again_by_hand_meanwhile_is_not_run_twice():
    stack = Paused("2 12 * * *")
    stack.pause()
    stack.work_in_time()
    stack.api.retry_run(ADMIN, "etl@20261122T120200Z")
    stack.resume_catching_up()
    assert stack.caught_up() == []


def test_a_day_that_a_calendar_excludes_by_now_is_not_caught_up_on():
    stack = Paused("2 12 * * *")
    stack.pause()
    stack.work_in_time()
    today = Calendar(name="today", dates=(NOON.date(),), updated_at=NOON)
    stack.schedules.calendars = lambda names: dict.fromkeys(names, today)
    head = stack.head()
    stack.database.heads["etl"] = replace(head, timetable=replace(head.timetable, calendars=("today",)))
    stack.resume_catching_up()
    assert stack.caught_up() == []


@pytest.mark.parametrize("expression", ["2 12 * * *", "* * * * *"])
def test_without_catching_up_nothing_of_the_pause_runs(expression):
    stack = Paused(expression)
    stack.pause()
    stack.work_in_time()
    stack.clock.set(NOON + 10 * MINUTE)
    stack.resume()
    assert stack.caught_up() == []


def test_a_run_of_an_earlier_incarnation_is_not_caught_up_on():
    stack = Paused("2 12 * * *", "all")
    stack.delete()
    stack.create("* * * * *")
    stack.pause()
    # The old row still waits for its wake-up when the new schedule is resumed.
    old = RunId("etl", "20261122T120200Z")
    assert stack.database.runs[old].state is RunState.QUEUED
    stack.resume_catching_up(minutes=3)
    assert "20261122T120200Z~r1" not in stack.caught_up()
