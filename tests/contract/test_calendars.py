"""Calendars in the Schedules table: read by name, listed, saved and removed on condition of their version."""

from dataclasses import fields, replace
from datetime import date, timedelta

import pytest

from carillon.adapters.dynamo.calendars import calendar_item
from carillon.domain.calendars import Calendar
from carillon.domain.claim import Claim
from carillon.domain.errors import LostRace
from carillon.domain.schedule import ScheduleState
from tests.contract.builders import NOW, audit, change, minutes, schedule

HOLIDAYS = Calendar(name="holidays", updated_at=NOW)
CHANGED = Calendar(
    name="holidays",
    description="Public holidays",
    zone="Europe/Berlin",
    dates=(date(2026, 12, 25), date(2026, 12, 26)),
    ranges=((date(2026, 12, 28), date(2027, 1, 3)),),
    weekdays=(5, 6),
    version=2,
    updated_at=NOW + minutes(1),
)


def saved(stores, *calendars):
    for calendar in calendars:
        stores.schedules.save_calendar(calendar, audit(), replaces=None)


@pytest.mark.parametrize("name", [field.name for field in fields(Calendar) if field.name != "name"])
def test_every_field_of_a_calendar_can_be_changed_by_itself(stores, name):
    saved(stores, HOLIDAYS)
    step = replace(HOLIDAYS, **{name: getattr(CHANGED, name)})
    stores.schedules.save_calendar(step, audit(), replaces=1)
    assert stores.schedules.calendars(["holidays"]) == {"holidays": step}


def test_calendars_that_are_not_there_are_left_out(stores):
    saved(stores, HOLIDAYS)
    assert stores.schedules.calendars(["nothing", "holidays"]) == {"holidays": HOLIDAYS}
    assert stores.schedules.calendars([]) == {}


@pytest.mark.parametrize("replaces", [None, 2], ids=["as new", "on another version"])
def test_a_calendar_that_was_changed_meanwhile_is_neither_overwritten_nor_removed(stores, replaces):
    saved(stores, HOLIDAYS)
    with pytest.raises(LostRace, match="holidays"):
        stores.schedules.save_calendar(CHANGED, audit(object="calendar:holidays"), replaces=replaces)
    with pytest.raises(LostRace):
        stores.schedules.remove_calendar("holidays", audit(), replaces=7)
    assert stores.schedules.calendars(["holidays"]) == {"holidays": HOLIDAYS}


def test_the_same_save_and_the_same_removal_repeated_succeed(stores):
    first, second = audit(), audit()
    for _ in range(2):
        stores.schedules.save_calendar(HOLIDAYS, first, replaces=None)
    for _ in range(2):
        stores.schedules.remove_calendar("holidays", second, replaces=1)
    assert stores.schedules.calendars(["holidays"]) == {}
    assert stores.schedules.calendar_page(10).items == ()


def test_a_removed_calendar_can_be_made_anew(stores):
    saved(stores, HOLIDAYS)
    stores.schedules.remove_calendar("holidays", audit(), replaces=1)
    saved(stores, CHANGED)
    assert stores.schedules.calendars(["holidays"]) == {"holidays": CHANGED}


def test_calendars_are_listed_in_the_order_of_their_names_page_by_page(stores):
    names = ["a", "b", "c"]
    saved(stores, *(replace(HOLIDAYS, name=name) for name in reversed(names)))
    page = stores.schedules.calendar_page(2)
    rest = stores.schedules.calendar_page(2, page.next_key)
    assert [calendar.name for calendar in (*page.items, *rest.items)] == names
    assert rest.next_key is None


def test_no_list_of_schedules_shows_a_calendar(stores):
    saved(stores, HOLIDAYS)
    assert not any(stores.schedules.page(shard, 10).items for shard in range(3))


def test_a_calendar_that_cannot_be_read_is_left_out(dynamo):
    from carillon.adapters.dynamo.schedules import DynamoSchedules

    broken = calendar_item(HOLIDAYS) | {"days": {"S": '{"dates":["2026-13-01"]}'}}
    dynamo.client.put_item(TableName="SchedulesTable", Item=broken)
    assert DynamoSchedules(dynamo.database).calendars(["holidays"]) == {}


def test_a_claim_that_ends_a_pause_moves_active_since_and_forgets_the_pause(stores):
    until = NOW + timedelta(seconds=90)
    head = schedule(state=ScheduleState.PAUSED, paused_until=until, due_at=until)
    stores.schedules.write(change(None, head))
    claim = Claim(head, (), head.next_fire_at, head.next_fire_at, ScheduleState.ACTIVE, resumed_at=until)
    assert stores.schedules.commit([claim]) is None
    found = stores.schedules.head(head.schedule_id)
    assert (found.state, found.active_since, found.paused_until) == (ScheduleState.ACTIVE, until, None)
