"""The tick over in-memory stores: what it claims, sends, leaves and mends."""

from datetime import timedelta

import pytest

from carillon.domain.claim import ClaimFault, ClaimVerdict
from carillon.domain.errors import Throttled, Unavailable
from carillon.domain.run import RunState
from carillon.domain.run_id import RunId
from carillon.domain.schedule import ScheduleState
from carillon.services.claim import MAX_TRIES
from carillon.services.spread import SpreadTick
from tests.fakes.database import PoisonRow
from tests.fakes.shards import shard_of
from tests.fakes.world import World


@pytest.fixture
def world():
    return World()


def minutes(world, count):
    return timedelta(minutes=count) + world.clock.now()


def test_a_due_schedule_is_claimed_ahead_and_sent_to_arrive_on_its_second(world):
    start = world.clock.now()
    world.add()
    report = world.tick.run(range(1))
    assert (report.due, report.runs) == (1, 4)
    assert [sent.delay_seconds for sent in world.queue.sent] == [0, 60, 120, 180]
    assert world.head().next_fire_at == start + timedelta(minutes=4)
    assert world.run(start).state is RunState.QUEUED


def test_a_second_tick_at_the_same_instant_claims_nothing_more(world):
    world.add()
    world.tick.run(range(1))
    report = world.tick.run(range(1))
    assert (report.due, report.runs, len(world.queue.sent)) == (0, 0, 4)


def test_a_tick_that_planned_from_a_stale_head_loses_and_writes_nothing(world):
    stale = [world.add()]
    world.tick.run(range(1))
    before = dict(world.database.runs)
    world.schedules.due_before = lambda shard, horizon: iter([stale])
    report = world.tick.run(range(1))
    assert (report.lost, report.runs) == (1, 0)
    assert world.database.runs == before


def test_a_row_that_a_crashed_tick_left_is_passed_over_and_the_head_advances(world):
    start = world.clock.now()
    schedule = world.add()
    world.tick.run(range(1))
    del world.database.runs[RunId.of_fire_time("etl", start)]
    world.database.heads["etl"] = schedule
    world.queue.sent.clear()
    report = world.tick.run(range(1))
    assert report.runs == 1
    assert world.head().next_fire_at == start + timedelta(minutes=4)
    assert len(world.queue.sent) == 1


def test_every_second_of_the_horizon_is_claimed_in_one_tick_though_one_transaction_cannot_hold_them(world):
    world.add(expression="* * * * * *")
    assert world.tick.run(range(1)).runs == 181


def test_one_broken_schedule_stops_no_other(world):
    world.add("bad", "61 * * * *")
    world.add("good")
    report = world.tick.run(range(1))
    assert (report.broken, report.runs) == (1, 4)
    assert world.head("bad").state is ScheduleState.BROKEN
    assert "61" in world.head("bad").state_reason


def test_a_row_that_cannot_be_read_is_marked_broken_and_stops_no_other(world):
    now = world.clock.now()
    world.database.heads["bad"] = PoisonRow("policies are not JSON", int(now.timestamp() * 1000))
    world.add("good")
    report = world.tick.run(range(1))
    assert (report.broken, report.runs) == (1, 4)
    assert world.lines[0]["action"] == "schedule_broken"
    assert world.tick.run(range(1)).due == 0


def test_a_schedule_without_further_fire_times_ends(world):
    world.add(expression="at(2026-11-22T02:00:00)")
    world.tick.run(range(1))
    assert (world.head().state, world.head().due_at) == (ScheduleState.ENDED, None)


def test_a_conflict_is_tried_again_and_never_dropped(world):
    world.add()
    conflicts = [[ClaimVerdict(ClaimFault.CONFLICT)]] * 3
    commit = world.schedules.commit
    world.schedules.commit = lambda claims: conflicts.pop() if conflicts else commit(claims)
    report = world.tick.run(range(1))
    assert (report.runs, report.postponed) == (4, 0)
    assert len(world.clock.slept) == 3


def test_a_store_that_throttles_for_ever_leaves_the_schedule_to_the_next_tick(world):
    def throttle(claims):
        raise Throttled

    world.add()
    commit = world.schedules.commit
    world.schedules.commit = throttle
    assert world.tick.run(range(1)).postponed == 1
    assert len(world.clock.slept) == MAX_TRIES
    world.schedules.commit = commit
    assert world.tick.run(range(1)).runs == 4


@pytest.mark.parametrize(
    ("store", "method", "left"),
    [
        ("schedules", "due_before", "claimed"),
        ("runs", "wake_before", "swept"),
        ("runs", "get_many", "swept"),
    ],
)
@pytest.mark.parametrize("refusal", [Throttled, Unavailable])
def test_a_shard_that_refuses_holds_up_no_other_and_is_told(store, method, left, refusal):
    world = World(shards=4)
    for number in range(40):
        world.add(f"s{number:02}", "0 2 * * *")
    good, calls = getattr(getattr(world, store), method), []

    def refuse_first(*arguments):
        calls.append(arguments)
        if len(calls) == 1:
            raise refusal("slower")
        return good(*arguments)

    setattr(getattr(world, store), method, refuse_first)
    report = world.tick.run(range(4))
    assert report.unreached == 1
    (line,) = [line for line in world.lines if line["action"] == "shard_unreached"]
    assert (line["shard"], line["message"]) == (0, f"A shard was not wholly {left}.")
    mine = sum(shard_of(f"s{number:02}", 4) == 0 for number in range(40))
    assert report.runs == (40 - mine if left == "claimed" else 40)
    assert report.runs + world.tick.run(range(4)).runs == 40


def test_a_tick_that_left_a_shard_out_fails_once_all_else_is_done(world):
    def refuse(shard, moment, limit):
        raise Throttled("slower")

    world.add(expression="0 2 * * *")
    world.runs.wake_before = refuse
    done = []
    spread = SpreadTick(
        world.tick,
        world.liveness,
        ranges=None,
        shards=1,
        shards_per_tick=1,
        work_off=lambda: done.append("worked off") or 0,
        measure=done.append,
    )
    with pytest.raises(Unavailable, match="1 of the tick's shards"):
        spread.run()
    assert done == ["worked off", {"TickLag": 0, "Due": 1, "Claimed": 1}]
    assert len(world.queue.sent) == 1


def test_many_schedules_share_a_transaction(world):
    calls = []
    commit = world.schedules.commit
    world.schedules.commit = lambda claims: (calls.append(len(claims)), commit(claims))[1]
    for number in range(120):
        world.add(f"s{number:03}", "0 0 * * *", grace=300)
    world.tick.run(range(1))
    assert calls == [50, 50, 20]


def test_a_wake_up_that_could_not_be_sent_is_sent_by_the_sweep(world):
    start = world.clock.now()
    world.add(expression="0 2 * * *")
    world.queue.refuse = {RunId.of_fire_time("etl", start)}
    assert world.tick.run(range(1)).unsent == 1
    world.queue.refuse = set()
    world.clock.advance(61)
    assert world.tick.run(range(1)).swept.resent == 1
    assert [sent.dispatch.run_id.moment for sent in world.queue.sent] == [start]


def test_a_lost_message_is_sent_again_at_growing_pauses(world):
    world.add(expression="0 2 * * *")
    world.tick.run(range(1))
    sends = []
    for minute in range(1, 60):
        world.clock.advance(60.001)
        if world.tick.run(range(1)).swept.resent:
            sends.append(minute)
    assert sends == [1, 3, 7, 15, 30, 45]


def test_a_crashed_attempt_is_tried_again_when_its_lease_is_over(world):
    start = world.clock.now()
    world.add(expression="0 2 * * *")
    world.tick.run(range(1))

    def die(call):
        raise KeyboardInterrupt

    world.target.answers = [die]
    with pytest.raises(KeyboardInterrupt):
        world.work()
    assert world.run(start).state is RunState.RUNNING
    world.clock.advance(61)
    assert world.tick.run(range(1)).swept.retried == 1
    again = world.run(start)
    assert (again.state, again.attempt) == (RunState.RETRYING, 1)
    world.clock.advance(2)
    world.work()
    ended = world.run(start)
    assert (ended.state, ended.attempt) == (RunState.SUCCEEDED, 2)
    assert [event.status.value for event in ended.events] == [
        "QUEUED",
        "RUNNING",
        "RETRYING",
        "RUNNING",
        "SUCCEEDED",
    ]


def test_a_lease_that_still_holds_is_waited_for(world):
    start = world.clock.now()
    world.add(expression="0 2 * * *")
    world.tick.run(range(1))
    held = {}

    def run_long(call):
        world.clock.advance(70)
        held["report"] = world.tick.run(range(1)).swept
        raise KeyboardInterrupt

    world.target.answers = [run_long]
    body = world.queue.sent.pop(0).body
    with pytest.raises(KeyboardInterrupt):
        world.execute.execute(body, world.clock.now() + timedelta(seconds=300))
    assert held["report"].extended == 1
    assert world.run(start).wake_at == start + timedelta(seconds=305)
