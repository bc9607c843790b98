"""Heads and revisions: what goes into the Schedules table comes out again, from the right place."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest

from carillon.domain.errors import LostRace, RevisionNotFound, ScheduleExists
from carillon.domain.schedule import (
    CatchUp,
    Misfire,
    Overlap,
    Policies,
    Schedule,
    ScheduleState,
    TimetableSpec,
)
from tests.contract.builders import NOW, audit, change, ended, minutes, put, revision, run, saved, schedule
from tests.contract.conftest import SHARDS
from tests.fakes.shards import shard_of

FULL = schedule(
    timetable=TimetableSpec(
        "30 2 * * *",
        zone="Europe/Berlin",
        gap="skip",
        fold="twice",
        anchor=NOW,
        starts_at=NOW + minutes(1),
        ends_at=datetime(2199, 1, 1, tzinfo=UTC),
        max_runs=7,
        jitter_seconds=30,
        calendars=("de-holidays",),
        also_at=(NOW, NOW + minutes(5)),
    ),
    policies=Policies(Overlap.QUEUE, 2, 5, Misfire(60, CatchUp.LATEST, 3)),
    state=ScheduleState.PAUSED,
    state_reason="because “quotes” and \\ too",
    owner="user:ada",
    tags={"team": "data", "size": "groß"},
    sensitive=True,
    needs_slot=False,
    alerts={"on": ["failure", "recovery"], "late_after_seconds": 60},
    revision=7,
    head_version=12,
    generation=3,
    next_fire_at=NOW + minutes(2),
    due_at=NOW + minutes(3),
    active_since=NOW - minutes(1),
    claimed_until=NOW - minutes(2),
    paused_until=NOW + minutes(3),
    fires_left=5,
    skip_next=2,
    created_at=NOW - minutes(9),
    updated_at=NOW + timedelta(milliseconds=7),
)
PLAIN = schedule(next_fire_at=None, due_at=None)


def all_pages(stores, horizon, shards=SHARDS):
    pages = [page for shard in range(shards) for page in stores.schedules.due_before(shard, horizon)]
    return [head for page in pages for head in page]


@pytest.mark.parametrize("head", [FULL, PLAIN], ids=["full", "plain"])
def test_a_head_comes_back_as_it_was_written(stores, head):
    saved(stores, head)
    assert stores.schedules.head(head.schedule_id) == head


@pytest.mark.parametrize("name", [field.name for field in fields(Schedule) if field.name != "schedule_id"])
def test_every_field_can_be_changed_and_put_back_by_itself(stores, name):
    saved(stores, PLAIN)
    step = replace(PLAIN, **{name: getattr(FULL, name)})
    assert step != PLAIN
    assert stores.schedules.write(change(PLAIN, step)) is None
    assert stores.schedules.head(PLAIN.schedule_id) == step
    assert stores.schedules.write(change(step, PLAIN)) is None
    assert stores.schedules.head(PLAIN.schedule_id) == PLAIN


def test_an_unknown_head_is_none(stores):
    assert stores.schedules.head("nobody") is None


def test_heads_answers_those_that_exist_once_each(stores):
    first, second = saved(stores, schedule("first"), schedule("second"))
    found = stores.schedules.heads(["second", "nobody", "first", "second"])
    assert found == {"first": first, "second": second}
    assert stores.schedules.heads([]) == {}


def test_due_entries_come_earliest_first_up_to_the_horizon(stores):
    saved(stores, *(schedule(f"s{n}", due_at=NOW + minutes(n)) for n in (3, 1, 2, 5)))
    for shard in range(SHARDS):
        pages = stores.schedules.due_before(shard, NOW + minutes(3))
        due = [head.due_at for page in pages for head in page]
        assert due == sorted(due)
    assert {head.schedule_id for head in all_pages(stores, NOW + minutes(3))} == {"s1", "s2", "s3"}


def test_due_entries_come_in_pages_as_long_as_asked(stores):
    saved(stores, *(schedule(f"s{n}", due_at=NOW + minutes(n)) for n in range(1, 9)))
    for shard in range(SHARDS):
        pages = list(stores.schedules.due_before(shard, NOW + minutes(9), 2))
        assert [len(page) for page in pages[:-1]] == [2] * (len(pages) - 1)
        assert [head.due_at for page in pages for head in page] == sorted(
            head.due_at for page in stores.schedules.due_before(shard, NOW + minutes(9)) for head in page
        )


def test_due_entries_carry_what_plan_needs_and_nothing_of_the_rest(stores):
    saved(stores, replace(FULL, state=ScheduleState.ACTIVE))
    (entry,) = all_pages(stores, FULL.due_at)
    needed = "generation head_version next_fire_at due_at timetable policies active_since"
    needed += " paused_until fires_left skip_next created_at"
    assert {name: getattr(entry, name) for name in needed.split()} == {
        name: getattr(FULL, name) for name in needed.split()
    }
    assert (entry.owner, entry.tags, entry.alerts, entry.state_reason) == ("", {}, {}, None)


def test_a_shard_holds_its_own_schedules_only(stores):
    saved(stores, *(schedule(f"s{n}") for n in range(12)))
    for shard in range(SHARDS):
        ids = [head.schedule_id for page in stores.schedules.due_before(shard, NOW) for head in page]
        assert sorted(ids) == sorted(f"s{n}" for n in range(12) if shard_of(f"s{n}", SHARDS) == shard)


def test_a_head_without_due_at_is_not_due(stores):
    head = saved(stores, schedule())
    stores.schedules.write(change(head, replace(head, due_at=None, head_version=2)))
    assert all_pages(stores, NOW + minutes(99)) == []


def test_the_catalog_lists_ids_in_order_page_by_page_without_deleted_ones(stores):
    names = [f"s{n:02d}" for n in range(20)]
    saved(stores, *(schedule(name) for name in names))
    gone = stores.schedules.head("s07")
    tombstone = replace(gone, state=ScheduleState.DELETED, due_at=None, next_fire_at=None, head_version=2)
    stores.schedules.write(change(gone, tombstone))
    found = []
    for shard in range(SHARDS):
        start, listed = None, []
        while True:
            page = stores.schedules.page(shard, 3, start)
            assert len(page.items) <= 3
            listed += page.items
            start = page.next_key
            if start is None:
                break
        assert listed == sorted(listed)
        found += listed
    assert sorted(found) == [name for name in names if name != "s07"]
    assert stores.schedules.head("s07") == tombstone


def test_a_revision_comes_back_as_it_was_written(stores):
    stores.schedules.write(change(None, schedule(), revision=revision(1)))
    assert stores.schedules.revision("nightly-etl", 1) == revision(1)


def test_an_unknown_revision_is_an_error_that_names_it(stores):
    with pytest.raises(RevisionNotFound, match="nightly-etl has no revision 2"):
        stores.schedules.revision("nightly-etl", 2)


def test_revisions_come_newest_first_page_by_page(stores):
    head = schedule()
    stores.schedules.write(change(None, head, revision=revision(1)))
    for number in range(2, 12):
        after = replace(head, revision=number, head_version=number)
        stores.schedules.write(change(head, after, revision=revision(number)))
        head = after
    first = stores.schedules.revisions("nightly-etl", 6)
    rest = stores.schedules.revisions("nightly-etl", 6, first.next_key)
    numbers = [found.number for found in first.items + rest.items]
    assert numbers == list(range(11, 0, -1))
    assert rest.next_key is None


def test_a_revision_number_cannot_be_written_twice(stores):
    head = schedule()
    stores.schedules.write(change(None, head, revision=revision(1)))
    with pytest.raises(LostRace, match="revision"):
        stores.schedules.write(change(head, replace(head, head_version=2), revision=revision(1)))
    assert stores.schedules.head("nightly-etl") == head


@pytest.mark.parametrize("due_at", [NOW, None], ids=["due", "paused"])
def test_a_new_schedule_needs_an_unused_id(stores, due_at):
    saved(stores, schedule(due_at=due_at))
    with pytest.raises(ScheduleExists, match="nightly-etl"):
        stores.schedules.write(change(None, schedule(owner="user:eve")))
    assert stores.schedules.head("nightly-etl").owner == ""


@pytest.mark.parametrize(
    "moved",
    [{"head_version": 2}, {"generation": 2}, {"next_fire_at": NOW + minutes(1)}, {"next_fire_at": None}],
    ids=str,
)
def test_an_edit_of_a_head_that_has_moved_is_lost(stores, moved):
    head = saved(stores, schedule())
    stores.schedules.write(change(head, replace(head, **moved)))
    with pytest.raises(LostRace, match="nightly-etl"):
        stores.schedules.write(change(head, replace(head, owner="user:eve")))
    assert stores.schedules.head("nightly-etl").owner == ""


def test_an_edit_of_a_head_that_is_gone_is_lost(stores):
    with pytest.raises(LostRace):
        stores.schedules.write(change(schedule(), schedule(owner="user:eve")))


def test_run_rows_in_the_way_are_named_and_nothing_is_written(stores):
    head = saved(stores, schedule())
    there = put(stores, run(fire_at=NOW))
    skipped = ended(fire_at=NOW + minutes(1))
    after = replace(head, head_version=2, next_fire_at=NOW + minutes(2))
    entry = audit()
    assert stores.schedules.write(change(head, after, audit=entry, runs=(there, skipped))) == {there.run_id}
    assert stores.schedules.head("nightly-etl") == head
    assert stores.runs.get(skipped.run_id) is None
    assert stores.schedules.write(change(head, after, audit=entry, runs=(skipped,))) is None
    assert stores.runs.get(skipped.run_id) == skipped


def test_the_same_change_written_twice_is_written_once_and_succeeds(stores):
    head = saved(stores, schedule())
    edit = change(head, replace(head, head_version=2), runs=(ended(),))
    assert stores.schedules.write(edit) is None
    assert stores.schedules.write(edit) is None
    assert stores.schedules.head("nightly-etl").head_version == 2
