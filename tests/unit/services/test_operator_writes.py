"""What an operator's write promises: it claims at once, it raises the head (hole H1 of the protocol), it is audited."""

from dataclasses import replace
from datetime import timedelta

import pytest

from carillon.domain.claim import ClaimFault
from carillon.domain.definition import read_definition
from carillon.domain.errors import ScheduleExists, ScheduleNotFound, Unavailable, VersionMismatch, WrongState
from carillon.domain.outcome import Outcome, OutcomeKind
from carillon.domain.schedule import ScheduleState
from tests.unit.services.operator_stack import ADMIN, LIMITS, NOON, Stack, every


@pytest.fixture
def stack():
    return Stack()


def test_a_new_schedule_that_fires_within_the_horizon_is_claimed_and_sent_before_the_answer(stack):
    stack.create("*/5 * * * * *")

    assert list(stack.states()) == [*every(5, "12:00:05", "12:03:00")]
    assert len(stack.queue.sent) == 36
    assert stack.head().next_fire_at == NOON + timedelta(seconds=185)


def test_a_new_schedule_that_fires_later_is_left_to_the_tick(stack):
    stack.create("0 18 * * *")

    assert not stack.database.runs
    assert stack.head().due_at == NOON + timedelta(hours=6)


def test_a_schedule_stays_written_when_it_cannot_be_sent_at_once(stack):
    stack.queue.send = lambda messages, now: (_ for _ in ()).throw(Unavailable)

    assert stack.create("* * * * *").head_version == 1
    assert "dispatch_postponed" in [line["action"] for line in stack.lines]


def test_a_schedule_that_would_never_fire_is_refused_and_nothing_is_written(stack):
    with pytest.raises(ValueError, match="never fire"):
        stack.create("at(2020-01-01T00:00:00)")

    assert not stack.database.heads
    assert not stack.database.audit


def test_rate_counts_from_the_creation_and_from_the_edit_that_changes_it(stack):
    stack.clock.set(NOON + timedelta(seconds=10.5))
    assert stack.create("rate(10 minutes)").next_fire_at == NOON + timedelta(minutes=10, seconds=10)

    stack.clock.advance(60)
    assert stack.edit("rate(10 minutes)").next_fire_at == NOON + timedelta(minutes=10, seconds=10)
    assert stack.edit("rate(20 minutes)").next_fire_at == NOON + timedelta(minutes=21, seconds=10)


def test_h1_a_tick_that_read_the_old_timetable_loses_against_the_edit(stack):
    old = stack.create("10 12 * * *")
    stack.clock.set(NOON + timedelta(minutes=8))
    stack.edit("9,10 12 * * *")

    [verdict] = stack.claim(old)

    assert verdict.fault is ClaimFault.LOST
    assert stack.states() == {"12:09:00": "QUEUED", "12:10:00": "QUEUED"}


def test_h1_every_operator_write_raises_the_head_version_and_a_claim_does_not(stack):
    versions = [stack.create().head_version]
    stack.clock.advance(60)
    stack.claim()
    versions.append(stack.head().head_version)
    versions.append(stack.edit("*/2 * * * *").head_version)
    versions.append(stack.pause().head_version)
    versions.append(stack.resume().head_version)
    stack.delete()
    versions.append(stack.head().head_version)
    versions.append(stack.create().head_version)

    assert versions == [1, 1, 2, 3, 4, 5, 6]


def test_a_claim_that_was_first_is_no_conflict_for_an_edit(stack):
    stack.create("* * * * *")
    stack.clock.advance(60)
    read_head = stack.schedules.head
    claims = iter([True])

    def head_then_claim(schedule_id):
        found = read_head(schedule_id)
        if next(claims, False):
            stack.claim(found)
        return found

    stack.schedules.head = head_then_claim

    assert stack.edit("*/2 * * * *").head_version == 2


def test_another_operators_write_in_between_is_a_version_mismatch(stack):
    stack.create()
    stack.pause()

    with pytest.raises(VersionMismatch):
        stack.api.replace_schedule(ADMIN, stack.definition("0 18 * * *"), 1)

    assert stack.head().timetable.expression == "* * * * *"


def test_a_write_that_claims_keep_overtaking_gives_up_and_says_so(stack):
    stack.create()
    stack.schedules.head = lambda _: replace(stack.database.heads["etl"], next_fire_at=NOON)

    with pytest.raises(Unavailable, match="try again"):
        stack.pause()


def test_a_schedule_that_exists_is_not_created_again(stack):
    stack.create()

    with pytest.raises(ScheduleExists, match="PUT"):
        stack.create()

    assert stack.actions == ["schedule.create"]


def test_two_creates_at_the_same_moment_make_one_schedule(stack):
    read_head = stack.schedules.head
    stack.create()
    stack.schedules.head = lambda _: None

    with pytest.raises(ScheduleExists):
        stack.create()

    stack.schedules.head = read_head
    assert stack.head().head_version == 1


def test_pausing_and_resuming_twice_changes_nothing_the_second_time(stack):
    stack.create("0 18 * * *")
    assert stack.pause() == stack.pause()
    assert stack.resume() == stack.resume()
    assert stack.actions == ["schedule.create", "schedule.pause", "schedule.resume"]


def test_a_schedule_whose_last_run_has_begun_can_be_neither_paused_nor_resumed_but_edited(stack):
    stack.create("at(2026-11-22T12:00:30)")
    assert stack.head().state is ScheduleState.ENDED
    stack.clock.advance(60)
    with pytest.raises(WrongState, match="ended"):
        stack.pause()
    with pytest.raises(WrongState, match="Edit"):
        stack.resume()

    assert stack.edit("0 18 * * *").state is ScheduleState.ACTIVE


def test_an_edit_of_a_paused_schedule_leaves_it_paused(stack):
    stack.create("10 12 * * *")
    stack.pause()
    stack.clock.set(NOON + timedelta(minutes=15))

    head = stack.edit("*/30 * * * *")

    assert (head.state, head.due_at) == (ScheduleState.PAUSED, None)
    assert stack.states() == {"12:10:00": "paused"}


def test_a_broken_schedule_is_mended_by_an_edit(stack):
    stack.create("0 18 * * *")
    broken = replace(stack.head(), state=ScheduleState.BROKEN, due_at=None, state_reason="unreadable")
    stack.database.heads["etl"] = broken

    head = stack.edit("0 18 * * *")

    assert (head.state, head.state_reason) == (ScheduleState.ACTIVE, None)
    assert head.due_at == NOON + timedelta(hours=6)


def test_a_deleted_schedule_is_gone_for_every_verb(stack):
    stack.create()
    stack.delete()
    for verb in (stack.pause, stack.resume, stack.delete, lambda: stack.api.trigger_schedule(ADMIN, "etl")):
        with pytest.raises(ScheduleNotFound):
            verb()


def test_a_trigger_is_one_run_with_its_audit_row_and_its_message(stack):
    stack.create("0 18 * * *")
    stack.pause()

    run = stack.api.trigger_schedule(ADMIN, "etl")

    assert stack.database.runs[run.run_id].origin == "manual"
    assert [sent.dispatch.run_id for sent in stack.queue.sent] == [run.run_id]
    entry = list(stack.database.audit.values())[-1]
    assert (entry.action, entry.object, entry.after) == (
        "schedule.trigger",
        "schedule:etl",
        {"run_id": str(run.run_id)},
    )


def test_every_change_is_audited_with_who_and_from_where_and_what_changed(stack):
    stack.create("0 18 * * *")
    stack.edit("0 19 * * *")
    stack.delete()

    created, replaced, deleted = stack.database.audit.values()
    assert {(e.actor, e.source, e.object) for e in (created, replaced, deleted)} == {
        ("admin", "192.0.2.7", "schedule:etl")
    }
    assert created.before is None
    assert replaced.before == created.after
    assert replaced.after["timetable"]["expression"] == "0 19 * * *"
    assert deleted.before == replaced.after


def with_policy(stack, expression, overlap):
    document = {
        "schedule_id": "etl",
        "timetable": {"expression": expression},
        "policies": {"overlap": overlap},
        "job": {"target": {"kind": "http", "url": "https://example.com/"}},
    }
    return read_definition(document, LIMITS, stack.clock.now())


def test_an_edit_to_an_exclusive_policy_gives_the_running_run_its_slot(stack):
    stack.api.create_schedule(ADMIN, with_policy(stack, "* * * * *", "allow"))
    stack.tick.run([0])
    stack.clock.advance(60)

    def edit(call):
        stack.api.replace_schedule(ADMIN, with_policy(stack, "* * * * *", "skip"), None)
        (slot,) = stack.database.slots.values()
        held.extend(f"etl@{key}" for key in slot.holders)
        return Outcome(OutcomeKind.SUCCESS, "done")

    held = []
    stack.target.answers = [edit]
    stack.work()
    assert held == [call.run_id for call in stack.target.calls]


@pytest.mark.parametrize(("overlap", "needs_slot"), [("skip", True), ("allow", False)])
def test_what_begins_after_an_edit_still_asks_for_the_slot_that_an_older_run_may_hold(
    stack, overlap, needs_slot
):
    stack.api.create_schedule(ADMIN, with_policy(stack, "* * * * *", "skip"))
    daily = with_policy(stack, "0 2 * * *", overlap)
    assert not daily.needs_slot
    head, _ = stack.api.replace_schedule(ADMIN, daily, None)
    assert head.needs_slot is needs_slot
