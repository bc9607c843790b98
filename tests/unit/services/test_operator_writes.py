"""What an operator's write promises: the holes H1 to H6 of the protocol, each with its cure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from carillon.domain.access import Principal
from carillon.domain.allow_list import AllowList
from carillon.domain.claim import ClaimFault
from carillon.domain.definition import Limits, read_definition
from carillon.domain.errors import ScheduleExists, ScheduleNotFound, Unavailable, VersionMismatch, WrongState
from carillon.domain.lifecycle import start
from carillon.domain.outcome import Outcome, OutcomeKind
from carillon.domain.plan import plan
from carillon.domain.plan_claim import claim_of
from carillon.domain.run import RunState
from carillon.domain.run_id import RunId
from carillon.domain.schedule import ScheduleState
from carillon.services.api import ApiPorts, build_api
from carillon.services.doors import DoorPorts
from tests.fakes.backfills import MemoryBackfills, MemoryRunStates
from tests.fakes.doors import LabelledSealer, MemoryFactors, MemoryFacts
from tests.fakes.memory import (
    MemoryAccess,
    MemoryArchiveReader,
    MemoryAuditLog,
    MemoryDeadLetters,
    MemoryGuards,
    MemoryOutputs,
    MemoryRevocations,
    MemoryRunLogs,
    MemorySlots,
)
from tests.fakes.recorders import RecordedMetrics
from tests.fakes.stats import MemoryStats
from tests.fakes.tokens import FixedCursorKeys, LocalSigner
from tests.fakes.world import World

ADMIN = Principal("admin", ("admin",), "192.0.2.7")
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LIMITS = Limits(295.0, 1, AllowList())


class Stack(World):
    """The world with the operator's verbs."""

    def __init__(self, at=NOON):
        super().__init__()
        self.clock.set(at)
        signer = LocalSigner(self.clock)
        self.api = build_api(
            ApiPorts(
                schedules=self.schedules,
                runs=self.runs,
                access=MemoryAccess(self.database),
                guards=MemoryGuards(self.database),
                revocations=MemoryRevocations(self.database),
                audit=MemoryAuditLog(self.database),
                slots=MemorySlots(self.database),
                outputs=MemoryOutputs(),
                logs=MemoryRunLogs(),
                kept=MemoryDeadLetters(self.database),
                backfills=MemoryBackfills(self.database),
                states=MemoryRunStates(self.database),
                stats=MemoryStats(self.database),
                archive=MemoryArchiveReader(),
                queue=self.queue,
                signer=signer,
                verifier=signer.ring,
                cursor_keys=FixedCursorKeys(),
                clock=self.clock,
                chance=self.chance,
                log=self.log,
                limits=LIMITS,
                issuer="test",
                # Behind the doors: what they keep out is tested where the doors are.
                door_ports=DoorPorts(
                    facts=MemoryFacts(self.database),
                    factors=MemoryFactors(self.database),
                    sealer=LabelledSealer(),
                    opener=LabelledSealer(),
                    metrics=RecordedMetrics(),
                    risk=None,
                    triggers_per_minute=5,
                ),
                shards=1,
                skew_seconds=5,
            )
        )

    def definition(self, expression="* * * * *", **timetable):
        document = {
            "schedule_id": "etl",
            "timetable": {"expression": expression, **timetable},
            "job": {"target": {"kind": "http", "url": "https://example.com/"}},
        }
        return read_definition(document, LIMITS, self.clock.now())

    def create(self, expression="* * * * *", **timetable):
        return self.api.create_schedule(ADMIN, self.definition(expression, **timetable))[0]

    def edit(self, expression, **timetable):
        version = self.head().head_version
        return self.api.replace_schedule(ADMIN, self.definition(expression, **timetable), version)[0]

    def pause(self):
        return self.api.pause_schedule(ADMIN, "etl")

    def resume(self):
        return self.api.resume_schedule(ADMIN, "etl")

    def delete(self):
        self.api.delete_schedule(ADMIN, "etl", None)

    def claim(self, head=None):
        """A tick claims from this (perhaps old) reading of the head."""
        now = self.clock.now()
        return self.schedules.commit(
            [claim_of(plan(head or self.head(), now, now + timedelta(seconds=180)), now)]
        )

    def states(self):
        """State and reason of every run by its time of day."""
        rows = sorted(self.database.runs.values(), key=lambda run: run.run_id)
        return {f"{run.fire_at:%H:%M:%S}": run.reason or str(run.state) for run in rows}

    @property
    def actions(self):
        return [entry.action for entry in self.database.audit.values()]


@pytest.fixture
def stack():
    return Stack()


def every(seconds, start, stop):
    """Times of day in steps, both ends included."""
    first = datetime.strptime(start, "%H:%M:%S").replace(tzinfo=UTC)
    last = datetime.strptime(stop, "%H:%M:%S").replace(tzinfo=UTC)
    steps = int((last - first).total_seconds()) // seconds
    return [f"{first + timedelta(seconds=seconds * step):%H:%M:%S}" for step in range(steps + 1)]


# ---------------------------------------------------------------- dispatched at once


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


# ---------------------------------------------------------------- H1


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


# ---------------------------------------------------------------- H2


def test_h2_an_edit_records_the_due_and_unclaimed_fire_times_it_jumps_over(stack):
    stack.create("10,20,30 12 * * *")
    stack.clock.set(NOON + timedelta(minutes=25))

    stack.edit("40 12 * * *")

    assert stack.states() == {"12:10:00": "edited", "12:20:00": "edited"}
    assert stack.head().next_fire_at == NOON + timedelta(minutes=40)


def test_h2_an_edit_that_leaves_the_timetable_alone_leaves_due_fire_times_to_the_tick(stack):
    stack.create("10,20,30 12 * * *")
    stack.clock.set(NOON + timedelta(minutes=10, seconds=1))

    head = stack.edit("10,20,30 12 * * *")

    assert head.revision == 2
    assert stack.states() == {"12:10:00": "QUEUED"}


def test_h2_a_pause_keeps_the_next_fire_time_and_leaves_the_due_index(stack):
    stack.create("10 12 * * *")

    head = stack.pause()

    assert (head.next_fire_at, head.due_at) == (NOON + timedelta(minutes=10), None)
    assert head.state is ScheduleState.PAUSED
    assert list(stack.schedules.due_before(0, NOON + timedelta(days=1))) == []


def test_h2_a_resume_records_what_fell_into_the_pause_and_queues_nothing_of_it(stack):
    stack.create("10,20,30 12 * * *")
    stack.pause()
    stack.clock.set(NOON + timedelta(minutes=25))

    head = stack.resume()

    assert stack.states() == {"12:10:00": "paused", "12:20:00": "paused"}
    assert head.next_fire_at == NOON + timedelta(minutes=30)
    assert head.due_at == head.next_fire_at


def test_h2_ninety_jumped_fire_times_get_a_row_each_and_one_more_a_summary(stack):
    for count, rows in ((90, 90), (91, 1)):
        other = Stack()
        other.create("30 * * * *", starts_at="2026-11-22T13:00:00Z")
        other.pause()
        other.clock.set(NOON + timedelta(hours=count, minutes=31))
        other.resume()
        skipped = list(other.database.runs.values())
        assert len(skipped) == rows
        assert {run.state for run in skipped} == {RunState.SKIPPED}
        if rows == 1:
            assert skipped[0].skipped_count == 91


def test_h2_a_delete_records_what_was_due_and_unclaimed(stack):
    stack.create("10 12 * * *")
    stack.clock.set(NOON + timedelta(minutes=10))

    stack.delete()

    assert stack.states() == {"12:10:00": "deleted"}


def test_h2_a_jumped_fire_time_that_has_a_row_already_keeps_it(stack):
    stack.create("10 12 * * *")
    head = stack.head()
    stack.clock.set(NOON + timedelta(minutes=10))
    stack.claim()
    stack.database.heads["etl"] = head

    stack.delete()

    assert [run.events[0].message for run in stack.database.runs.values()] == ["claimed"]


# ---------------------------------------------------------------- H3


def test_h3_a_pause_ends_the_queued_runs_whose_time_has_come_and_no_later_ones(stack):
    stack.create("*/5 * * * * *")
    stack.clock.advance(60)

    stack.pause()

    states = stack.states()
    assert [time for time, state in states.items() if state == "paused"] == every(5, "12:00:05", "12:01:05")
    assert [time for time, state in states.items() if state == "QUEUED"] == every(5, "12:01:10", "12:03:00")


def test_h3_the_margin_counts_from_after_the_write_not_from_before_it(stack):
    stack.create("*/5 * * * * *")
    write = stack.schedules.write

    def slow_write(change):
        stack.clock.advance(10)
        return write(change)

    stack.schedules.write = slow_write

    stack.pause()

    assert stack.states()["12:00:15"] == "paused"


def test_h3_a_worker_that_comes_after_the_pause_finds_nothing_to_start(stack):
    stack.create("*/5 * * * * *")
    first = stack.queue.sent[0]
    stack.clock.advance(5)
    stack.pause()

    stack.work(first)

    assert stack.target.calls == []
    assert stack.run(NOON + timedelta(seconds=5)).reason == "paused"


def test_h3_a_run_that_started_before_the_answer_stays(stack):
    stack.create("*/5 * * * * *")
    stack.clock.advance(5)
    queued = stack.run(NOON + timedelta(seconds=5))
    between = stack.runs.queued_between

    def start_meanwhile(*args):
        found = between(*args)
        now = stack.clock.now()
        lease = now + timedelta(seconds=20)
        stack.runs.transition(queued, start(queued, now, claim_id="w", lease_until=lease, revision=1))
        return found

    stack.runs.queued_between = start_meanwhile

    stack.pause()

    assert stack.run(NOON + timedelta(seconds=5)).state is RunState.RUNNING
    assert stack.run(NOON + timedelta(seconds=10)).reason == "paused"


def test_h3_a_queued_run_that_was_only_sent_again_meanwhile_is_still_ended(stack):
    stack.create("*/5 * * * * *")
    stack.clock.advance(5)
    queued = stack.run(NOON + timedelta(seconds=5))
    between = stack.runs.queued_between

    def resend_meanwhile(*args):
        found = between(*args)
        stack.runs.transition(queued, replace(queued, sends=2, claim_id="sweep"))
        return found

    stack.runs.queued_between = resend_meanwhile

    stack.pause()

    assert stack.run(NOON + timedelta(seconds=5)).reason == "paused"


def test_h3_an_edit_ends_only_the_queued_runs_that_the_new_timetable_does_not_have(stack):
    stack.create("*/5 * * * * *")
    stack.clock.advance(10)

    stack.edit("*/10 * * * * *")

    states = stack.states()
    assert states["12:00:05"] == "edited"
    assert states["12:00:15"] == "edited"
    assert states["12:00:10"] == "QUEUED"
    assert states["12:00:20"] == "QUEUED"


def test_h3_a_manual_run_survives_a_pause_and_an_edit_but_not_a_delete(stack):
    stack.create("0 18 * * *")
    run = stack.api.trigger_schedule(ADMIN, "etl")
    stack.pause()
    stack.edit("0 19 * * *")
    assert stack.database.runs[run.run_id].state is RunState.QUEUED

    stack.delete()

    assert stack.database.runs[run.run_id].reason == "deleted"


def test_h3_pausing_again_finishes_what_an_interrupted_pause_left(stack):
    stack.create("*/5 * * * * *")
    stack.clock.advance(5)
    end = stack.runs.queued_between
    stack.runs.queued_between = lambda *args: []
    first = stack.pause()
    stack.runs.queued_between = end

    again = stack.pause()

    assert again == first
    assert stack.states()["12:00:05"] == "paused"


# ---------------------------------------------------------------- H4, H5


def test_h4_a_future_run_lives_through_a_short_pause(stack):
    stack.create("* * * * *")
    stack.pause()
    stack.clock.advance(20)
    stack.resume()
    [message] = [
        sent for sent in stack.queue.sent if sent.dispatch.not_before == NOON + timedelta(seconds=60)
    ]
    stack.clock.advance(40)

    stack.work(message)

    assert len(stack.target.calls) == 1


def test_h5_a_fire_time_inside_a_pause_does_not_run_after_the_resume(stack):
    stack.create("* * * * *")
    message = stack.queue.sent[0]
    stack.clock.advance(50)
    stack.pause()
    stack.clock.advance(30)
    head = stack.resume()

    assert head.active_since == NOON + timedelta(seconds=80)
    stack.work(message)

    assert stack.target.calls == []
    assert stack.run(NOON + timedelta(seconds=60)).reason == "paused"


# ---------------------------------------------------------------- H6


def test_h6_a_delete_leaves_a_tombstone_that_knows_how_far_is_claimed(stack):
    stack.create("*/30 * * * * *")

    stack.delete()

    head = stack.head()
    assert (head.state, head.next_fire_at, head.due_at) == (ScheduleState.DELETED, None, None)
    assert head.claimed_until == NOON + timedelta(seconds=180)


def test_h6_a_recreated_schedule_is_the_next_generation_with_the_next_revision(stack):
    stack.create()
    stack.edit("*/2 * * * *")
    stack.delete()

    head = stack.create("*/30 * * * * *")

    assert (head.generation, head.revision) == (2, 3)
    assert stack.schedules.revision("etl", 3).generation == 2


def test_h6_a_recreated_schedule_fires_only_after_what_the_old_one_claimed(stack):
    stack.create("*/30 * * * * *")
    stack.delete()

    head = stack.create("*/10 * * * * *")

    assert head.next_fire_at == NOON + timedelta(seconds=190)
    assert all(run.generation == 1 for run in stack.database.runs.values())


def test_h6_a_schedule_deleted_long_before_its_next_fire_time_delays_its_successor_by_nothing(stack):
    stack.create("0 18 * * *")
    stack.delete()
    stack.clock.advance(1)

    stack.create("*/10 * * * * *")

    assert next(iter(stack.states())) == "12:00:10"


def test_h6_a_run_of_the_old_generation_does_not_start_in_the_new_one(stack):
    stack.create("* * * * *")
    message = stack.queue.sent[0]
    stack.delete()
    stack.create("* * * * *")
    stack.clock.advance(60)

    stack.work(message)

    assert stack.target.calls == []
    assert stack.database.runs[RunId.of_fire_time("etl", NOON + timedelta(seconds=60))].reason == "deleted"


# ---------------------------------------------------------------- the rest of the verbs


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
