"""Calendars that cannot be read for a moment: whoever names one waits for the next tick, and nobody else does."""

from dataclasses import replace

import pytest

from carillon.domain.calendars import Calendar
from carillon.domain.errors import Throttled, Unavailable
from carillon.domain.schedule import ScheduleState
from tests.fakes.world import World


@pytest.mark.parametrize("error", [Throttled, Unavailable])
def test_a_schedule_waits_for_its_calendars_and_holds_up_no_other(error):
    world = World()
    world.add("plain")
    head = world.add("careful")
    head = replace(head, timetable=replace(head.timetable, calendars=("holidays",)))
    world.database.heads["careful"] = head
    read = world.schedules.calendars

    def unreadable(names):
        raise error

    world.schedules.calendars = unreadable
    report = world.tick.run(range(1))

    assert (report.due, report.runs, report.postponed, report.broken) == (2, 4, 1, 0)
    assert world.head("careful") == head
    assert {run.schedule_id for run in world.database.runs} == {"plain"}

    world.schedules.calendars = read
    now = world.clock.now()
    world.database.calendars["holidays"] = Calendar(name="holidays", dates=(now.date(),), updated_at=now)
    world.tick.run(range(1))
    assert {run.reason for key, run in world.database.runs.items() if key.schedule_id == "careful"} == {
        "excluded"
    }
    assert world.head("careful").state is ScheduleState.ACTIVE
