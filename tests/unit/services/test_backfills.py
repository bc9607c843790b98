"""Backfills: what they run, in which order, how many at once, and what a crash at any point leaves to do."""

from dataclasses import replace
from datetime import timedelta

import pytest

from carillon.domain.backfill import BackfillState, Order, Reprocess
from carillon.domain.backfill_document import backfill_document
from carillon.domain.calendars import Calendar
from carillon.domain.errors import BackfillNotFound, InvalidInput, WrongState
from carillon.domain.run import RunState
from carillon.domain.run_change import RunChange
from carillon.domain.run_id import RunId
from carillon.domain.schedule import After, ChainOn, ScheduleState, TimetableSpec
from tests.contract.builders import ended
from tests.unit.services.backfilling import ADMIN, NOON, Backfilling, keys, request


@pytest.fixture
def world():
    return Backfilling()


def test_the_first_run_begins_at_once_and_is_sent(world):
    backfill = world.begin()

    assert world.unfinished() == keys(0)
    [sent] = world.queue.sent
    assert (str(sent.dispatch.run_id), sent.delay_seconds) == ("etl@20261120T120000Z", 0)
    assert backfill_document(backfill)["progress"] == {
        "fire_times": 6, "done": 0, "failed": 0, "not_run": 0, "running": 1, "passed_over": 0, "left": 5,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("order", "expected"), [(Order.OLDEST, keys(0, 1, 2, 3, 4, 5)), (Order.NEWEST, keys(5, 4, 3, 2, 1, 0))]
)
def test_runs_begin_in_the_order_asked_for_one_after_the_other(world, order, expected):
    backfill = world.begin(order=order)

    assert world.finish(backfill) == expected
    row = world.row(backfill)
    assert (row.state, row.succeeded, row.looked_at) == (BackfillState.DONE, 6, 6)


def test_the_worker_runs_a_backfilled_fire_time_though_its_time_is_long_past(world):
    world.begin()
    world.work()
    assert world.run(NOON).state is RunState.SUCCEEDED
    assert world.target.calls[0].run_id == "etl@20261120T120000Z"


def mixed(world):
    world.put_ended(0, RunState.SUCCEEDED)
    world.put_ended(1, RunState.FAILED)
    world.put_ended(2, RunState.SKIPPED, reason="misfired")
    world.database.runs[RunId.of_fire_time("etl", NOON + timedelta(hours=3))] = replace(
        ended("etl", NOON + timedelta(hours=3)), state=RunState.RUNNING, ended_at=None, wake_at=NOON
    )


@pytest.mark.parametrize(
    ("policy", "hours"),
    [(Reprocess.NONE, (2, 4, 5)), (Reprocess.FAILED, (1, 2, 4, 5)), (Reprocess.ALL, (0, 1, 2, 4, 5))],
)
def test_what_runs_again_is_up_to_the_policy_and_never_what_is_unfinished(world, policy, hours):
    mixed(world)

    _, chosen = world.service.dry_run(ADMIN, "etl", request(reprocess=policy))
    backfill = world.begin(reprocess=policy, max_concurrent=50)

    assert chosen == [NOON + timedelta(hours=hour) for hour in hours]
    again = [
        f"{key}~b{backfill.backfill_id}" if hour < 4 else key
        for hour, key in zip(hours, keys(*hours), strict=True)
    ]
    assert sorted(world.row(backfill).open) == sorted(again)


def test_a_dry_run_writes_nothing(world):
    count, chosen = world.service.dry_run(ADMIN, "etl", request(order=Order.NEWEST))

    assert (count, chosen[0]) == (6, NOON + timedelta(hours=5))
    assert not world.database.runs
    assert not world.database.backfills
    assert not world.database.audit


def test_a_second_backfill_for_failures_leaves_what_the_first_one_mended(world):
    world.put_ended(0, RunState.FAILED)
    world.finish(world.begin(hours=0, reprocess=Reprocess.FAILED))

    _, chosen = world.service.dry_run(ADMIN, "etl", request(0, reprocess=Reprocess.FAILED))

    assert chosen == []


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.TIMED_OUT, RunState.UNKNOWN])
def test_runs_that_end_in_failure_are_counted_as_such(world, state):
    backfill = world.begin(hours=1)
    world.finish(backfill, state)
    assert world.row(backfill).failed == 2


def test_a_run_that_ended_is_shown_before_anybody_has_looked_again(world):
    backfill = world.begin()
    world.end(keys(0)[0])

    shown = world.service.one(ADMIN, "etl", backfill.backfill_id)

    assert (shown.succeeded, len(shown.open)) == (1, 0)


def test_the_end_of_a_run_begins_the_next_without_a_tick(world):
    world.begin()

    assert world.work_off.after([world.end(keys(0)[0])]) == 1
    assert world.unfinished() == keys(1)


def test_the_end_of_any_other_run_asks_nothing(world):
    change = RunChange("id", "1", None, ended("etl", NOON))
    world.backfills.active_of = None
    assert world.work_off.after([change]) == 0


def test_a_tick_works_off_all_that_are_active(world):
    first, second = world.begin(hours=0), world.begin(hours=1, max_concurrent=2)
    for key in world.unfinished():
        world.end(key)

    world.work_off.all()

    assert world.row(first).state is world.row(second).state is BackfillState.DONE


def test_a_paused_schedule_holds_its_backfill_until_it_is_resumed(world):
    backfill = world.begin()
    head = world.head()
    world.database.heads["etl"] = replace(head, state=ScheduleState.PAUSED)
    world.end(keys(0)[0])

    assert world.look(backfill) == 0
    world.database.heads["etl"] = head
    assert world.look(backfill) == 1


@pytest.mark.parametrize("change", [{"state": ScheduleState.DELETED}, {"generation": 2}])
def test_a_deleted_schedule_ends_its_backfill(world, change):
    backfill = world.begin()
    world.database.heads["etl"] = replace(world.head(), **change)

    world.look(backfill)

    row = world.row(backfill)
    assert (row.state, row.reason) == (BackfillState.CANCELLED, "the schedule was deleted")


def test_a_cancelled_backfill_begins_nothing_more_and_says_who_did_it(world):
    backfill = world.begin()

    cancelled = world.service.cancel(ADMIN, "etl", backfill.backfill_id)
    world.end(keys(0)[0])

    assert cancelled.reason == "cancelled by admin"
    assert world.look(backfill) == 0
    assert world.unfinished() == []
    actions = [entry.action for entry in world.database.audit.values()]
    assert actions == ["schedule.backfill", "schedule.backfill_cancel"]
    assert world.service.cancel(ADMIN, "etl", backfill.backfill_id) == world.row(backfill)


def test_a_backfill_that_is_done_cannot_be_cancelled(world):
    backfill = world.begin(hours=0)
    world.finish(backfill)
    with pytest.raises(WrongState, match="done"):
        world.service.cancel(ADMIN, "etl", backfill.backfill_id)


def test_an_unknown_backfill_is_said_to_be_unknown(world):
    with pytest.raises(BackfillNotFound):
        world.service.one(ADMIN, "etl", "20261120t120000z-abcdef")


def test_a_range_without_a_fire_time_is_refused(world):
    empty = replace(request(), first=NOON + timedelta(minutes=1), last=NOON + timedelta(minutes=2))
    with pytest.raises(InvalidInput, match="nothing to backfill"):
        world.service.begin(ADMIN, "etl", empty)


def test_a_range_of_too_many_fire_times_is_refused_with_the_bound(world):
    world.add("busy", "* * * * * *")
    with pytest.raises(InvalidInput) as refused:
        world.service.dry_run(ADMIN, "busy", request(hours=37))
    assert "100000 are allowed" in refused.value.errors[0].message


def test_only_so_many_backfills_of_a_schedule_run_at_once(world):
    for _ in range(5):
        world.begin()
    with pytest.raises(WrongState, match="5 backfills"):
        world.begin()


def test_what_a_calendar_excludes_is_passed_over(world):
    closed = Calendar(name="closed", dates=(NOON.date(),), updated_at=NOON)
    world.schedules.calendars = lambda names: dict.fromkeys(names, closed)
    head = world.head()
    world.database.heads["etl"] = replace(head, timetable=replace(head.timetable, calendars=("closed",)))

    count, chosen = world.service.dry_run(ADMIN, "etl", request(hours=14))
    backfill = world.begin(hours=14, max_concurrent=2)

    assert (count, len(chosen)) == (15, 3)
    assert list(backfill.open) == ["20261121T000000Z", "20261121T010000Z"]
    assert backfill_document(backfill)["progress"]["passed_over"] == 12


def test_a_schedule_that_follows_another_has_no_fire_times_to_backfill(world):
    world.database.heads["etl"] = replace(
        world.head(), timetable=TimetableSpec("", after=After("orders", ChainOn.END))
    )
    with pytest.raises(InvalidInput, match="nothing to backfill"):
        world.begin()
