"""What a resume cannot do is refused with what would be right, and nothing is written."""

from dataclasses import replace

import pytest

from carillon.domain.calendars import Calendar
from carillon.domain.errors import InvalidInput, MissingCalendar
from carillon.domain.schedule import After, CatchUp, Misfire, ScheduleState, TimetableSpec
from tests.unit.services.operator_stack import ADMIN, Stack


@pytest.fixture
def stack():
    stack = Stack()
    stack.create("0 18 * * *")
    return stack


def change(stack, **changes):
    stack.database.heads["etl"] = replace(stack.head(), **changes)


def test_a_schedule_whose_calendar_is_missing_is_not_resumed_until_it_is_there(stack):
    calendars = {"calendars": ("holidays",)}
    change(stack, state=ScheduleState.BROKEN, timetable=replace(stack.head().timetable, **calendars))
    with pytest.raises(MissingCalendar, match="holidays"):
        stack.resume()
    assert stack.head().state is ScheduleState.BROKEN
    now = stack.clock.now()
    stack.database.calendars["holidays"] = Calendar(name="holidays", weekdays=(6,), updated_at=now)
    assert stack.resume().state is ScheduleState.ACTIVE


def test_a_follower_cannot_catch_up_and_is_told_why(stack):
    stack.database.heads["report"] = stack.head()
    policies = replace(stack.head().policies, misfire=Misfire(catch_up=CatchUp.LATEST))
    change(
        stack,
        timetable=TimetableSpec("", after=After("report")),
        next_fire_at=None,
        due_at=None,
        policies=policies,
    )
    stack.pause()
    with pytest.raises(InvalidInput) as caught:
        stack.api.resume_schedule(ADMIN, "etl", catch_up=True)
    (fault,) = caught.value.errors
    assert (fault.field, "runs after report" in fault.message) == ("catch_up", True)
    assert stack.resume().state is ScheduleState.ACTIVE


def test_what_came_up_while_a_schedule_was_broken_says_so(stack):
    change(stack, state=ScheduleState.BROKEN, due_at=None)
    stack.clock.set(stack.clock.now().replace(hour=19))
    stack.resume()
    assert stack.states() == {"18:00:00": "broken"}
