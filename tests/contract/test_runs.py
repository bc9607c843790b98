"""The Runs table: rows put once, moved only from what was read, and found by whoever looks for them."""

import sys
from dataclasses import fields, replace
from datetime import timedelta

import pytest

from carillon.domain.callback import Callback
from carillon.domain.errors import LostRace
from carillon.domain.run import MAX_EVENTS, Origin, Run, RunState
from carillon.domain.run_id import RunId
from carillon.domain.run_remote import Remote
from carillon.domain.trace import Trace
from tests.contract.builders import NOW, audit, ended, event, minutes, put, run
from tests.contract.conftest import SHARDS
from tests.contract.test_claims import in_threads
from tests.fakes.shards import shard_of

PLAIN = run(state=RunState.RUNNING, attempt=1, claim_id="c1")
FULL = run(
    generation=4,
    origin=Origin.MANUAL,
    state=RunState.RETRYING,
    not_before=NOW + minutes(3),
    created_at=NOW - minutes(5),
    attempt=2,
    sends=3,
    wake_at=NOW + minutes(8),
    claim_id="c2",
    lease_until=NOW + minutes(4),
    revision=7,
    started_at=NOW + timedelta(milliseconds=250),
    reason="It said “no”.",
    skipped_count=12,
    slotted=True,
    compensable=True,
    output_bytes=7,
    item_count=3,
    cancel_requested_at=NOW + minutes(5),
    cancel_reason="cancelled by ada",
    deadline_at=NOW + minutes(30),
    retry_of=RunId.parse("nightly-etl@20261121T020000Z"),
    callback=Callback(
        token_hash="a" * 32,
        answer="fail",
        due_at=NOW + minutes(20),
        heartbeat_seconds=90,
        past=(("b" * 32, "overdue"),),
        marks=(("a1b2c3d4", 12, "c" * 32),),
    ),
    remote=Remote("ecs", "arn:aws:ecs:eu-central-1:123456789012:task/jobs/0a1b", NOW + minutes(25), 900),
    given_trace=Trace(
        "4bf9" * 8,
        False,
        "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
        "00f0" * 4,
    ),
    events=(event("Created"), event("Failed", status=RunState.RETRYING, attempt=1, duration_ms=1200)),
)
FIXED = {"run_id", "ended_at", "fire_at"}


@pytest.mark.parametrize("row", [FULL, PLAIN, ended(reason="Late.")], ids=["full", "plain", "ended"])
def test_every_field_survives(stores, row):
    put(stores, row)
    assert stores.runs.get(row.run_id) == row


def test_an_unknown_row_is_none(stores):
    assert stores.runs.get(run().run_id) is None


def test_a_row_is_put_once(stores):
    first = put(stores, run())
    assert not stores.runs.put_if_absent(replace(first, reason="other"))
    assert stores.runs.get(first.run_id) == first


def test_a_row_and_its_audit_entry_are_put_together(stores):
    entry = audit(action="trigger")
    assert stores.runs.put_if_absent(run(), entry)
    assert stores.runs.put_if_absent(run(), entry)
    assert not stores.runs.put_if_absent(run(), audit(action="trigger"))


def test_of_many_putters_at_once_exactly_one_creates(stores):
    switch_interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for round_ in range(5):
            rows = [run(fire_at=NOW + minutes(round_), sends=n) for n in range(8)]
            assert in_threads(8, lambda n, rows=rows: stores.runs.put_if_absent(rows[n])).count(True) == 1
    finally:
        sys.setswitchinterval(switch_interval)


@pytest.mark.parametrize(
    "row",
    [replace(run(), wake_at=None), replace(ended(), ended_at=None), replace(run(), ended_at=NOW)],
    ids=["unfinished without wake_at", "ended without ended_at", "unfinished with ended_at"],
)
def test_a_row_that_no_sweep_or_archive_would_find_is_refused(stores, row):
    with pytest.raises(ValueError, match="needs"):
        stores.runs.put_if_absent(row)


@pytest.mark.parametrize("name", [field.name for field in fields(Run) if field.name not in FIXED])
def test_every_field_can_be_changed_and_put_back_by_itself(stores, name):
    put(stores, PLAIN)
    step = replace(PLAIN, **{name: getattr(FULL, name)})
    assert step != PLAIN
    assert stores.runs.transition(PLAIN, step) == step
    assert stores.runs.get(PLAIN.run_id) == step
    assert stores.runs.transition(step, PLAIN) == PLAIN
    assert stores.runs.get(PLAIN.run_id) == PLAIN


@pytest.mark.parametrize(
    "moved", [{"state": RunState.WAITING}, {"claim_id": "c9"}, {"claim_id": None}, {"attempt": 2}], ids=str
)
def test_a_transition_from_a_row_that_has_moved_is_lost(stores, moved):
    put(stores, replace(PLAIN, **moved))
    with pytest.raises(LostRace, match=str(PLAIN.run_id)):
        stores.runs.transition(PLAIN, ended(state=RunState.SUCCEEDED, attempt=1, claim_id="c1"))
    assert stores.runs.get(PLAIN.run_id) == replace(PLAIN, **moved)


def test_a_transition_of_a_row_that_is_gone_is_lost(stores):
    with pytest.raises(LostRace):
        stores.runs.transition(PLAIN, replace(PLAIN, state=RunState.WAITING))
    assert stores.runs.get(PLAIN.run_id) is None


def test_only_the_sweep_minds_a_wake_at_that_moved(stores):
    moved = put(stores, replace(PLAIN, wake_at=NOW + minutes(30)))
    waiting = replace(PLAIN, state=RunState.WAITING)
    with pytest.raises(LostRace):
        stores.runs.transition(PLAIN, waiting, held_wake=True)
    written = stores.runs.transition(PLAIN, waiting)
    assert (written.state, written.wake_at) == (RunState.WAITING, moved.wake_at)


def test_two_sweeps_do_not_both_push_the_same_row(stores):
    put(stores, PLAIN)
    stores.runs.transition(PLAIN, replace(PLAIN, wake_at=NOW + minutes(4)), held_wake=True)
    with pytest.raises(LostRace):
        stores.runs.transition(PLAIN, replace(PLAIN, wake_at=NOW + minutes(5)), held_wake=True)


def test_a_start_repeated_is_the_same_start(stores):
    queued = put(stores, run())
    started = replace(queued, state=RunState.RUNNING, attempt=1, claim_id="mine", started_at=NOW)
    assert stores.runs.transition(queued, started) == started
    assert stores.runs.transition(queued, started) == started


def test_a_sweep_s_push_repeated_is_the_same_push_though_nobody_has_claimed_the_row(stores):
    queued = put(stores, run())
    pushed = replace(queued, wake_at=NOW + minutes(3), sends=2)
    assert stores.runs.transition(queued, pushed, held_wake=True) == pushed
    assert stores.runs.transition(queued, pushed, held_wake=True) == pushed


def test_another_sweep_s_push_is_no_repeat(stores):
    queued = put(stores, run())
    stores.runs.transition(queued, replace(queued, wake_at=NOW + minutes(3), sends=2), held_wake=True)
    with pytest.raises(LostRace):
        stores.runs.transition(queued, replace(queued, wake_at=NOW + minutes(4), sends=2), held_wake=True)


def test_a_start_that_the_sweep_has_taken_back_is_lost_though_the_claim_id_is_equal(stores):
    queued = put(stores, run())
    started = replace(queued, state=RunState.RUNNING, attempt=1, claim_id="mine")
    retrying = replace(started, state=RunState.RETRYING)
    stores.runs.transition(queued, started)
    stores.runs.transition(started, retrying)
    with pytest.raises(LostRace):
        stores.runs.transition(queued, started)


def test_a_start_met_by_a_later_attempt_under_the_same_claim_id_is_lost(stores):
    queued = run()
    put(stores, replace(queued, state=RunState.RUNNING, attempt=2, claim_id="mine"))
    with pytest.raises(LostRace):
        stores.runs.transition(queued, replace(queued, state=RunState.RUNNING, attempt=1, claim_id="mine"))


def test_a_row_without_claim_id_is_nobodys_own(stores):
    queued = put(stores, run())
    cancelled = ended(state=RunState.CANCELLED)
    stores.runs.transition(queued, cancelled)
    with pytest.raises(LostRace):
        stores.runs.transition(queued, cancelled)


def test_of_many_workers_at_once_exactly_one_starts(stores):
    switch_interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def start(number, queued):
        try:
            return stores.runs.transition(
                queued, replace(queued, state=RunState.RUNNING, attempt=1, claim_id=f"w{number}")
            )
        except LostRace:
            return None

    try:
        for round_ in range(5):
            queued = put(stores, run(fire_at=NOW + minutes(round_)))
            started = [
                row for row in in_threads(8, lambda n, queued=queued: start(n, queued)) if row is not None
            ]
            assert len(started) == 1
            assert stores.runs.get(queued.run_id) == started[0]
    finally:
        sys.setswitchinterval(switch_interval)


def test_new_events_are_appended_to_what_others_have_appended(stores):
    row = put(stores, replace(PLAIN, events=(event("Created"),)))
    sweeps = row.noted(NOW + minutes(1), "The sweep looked.")
    workers = row.noted(NOW + minutes(2), "The worker went on.")
    stores.runs.transition(row, sweeps)
    written = stores.runs.transition(row, workers)
    assert [line.message for line in written.events] == [
        "Created",
        "The sweep looked.",
        "The worker went on.",
    ]


def test_the_story_stays_bounded(stores):
    row = put(stores, PLAIN)
    for number in range(MAX_EVENTS + 3):
        row = stores.runs.transition(row, row.noted(NOW, f"line {number}"))
    found = stores.runs.get(row.run_id)
    assert found == row
    assert len(found.events) == MAX_EVENTS
    assert (found.events[0].message, found.events[-1].message) == ("line 0", f"line {MAX_EVENTS + 2}")


def test_many_rows_are_read_at_once_in_the_order_asked_for(stores):
    rows = put(stores, *(run(fire_at=NOW + minutes(n)) for n in range(120)))
    ids = [row.run_id for row in reversed(rows)]
    missing = run("nobody").run_id
    assert list(stores.runs.get_many([missing, *ids, ids[0]])) == list(reversed(rows))
    assert list(stores.runs.get_many([])) == []


def test_a_schedules_runs_come_newest_first_page_by_page(stores):
    rows = put(stores, *(run(fire_at=NOW + minutes(n)) for n in range(7)))
    put(stores, run("other"))
    first = stores.runs.of_schedule("nightly-etl", 4)
    rest = stores.runs.of_schedule("nightly-etl", 4, first.next_key)
    assert first.items + rest.items == tuple(reversed(rows))
    assert rest.next_key is None


def test_queued_runs_between_two_moments_are_found_with_both_ends(stores):
    rows = put(stores, *(run(fire_at=NOW + minutes(n)) for n in range(5)))
    manual = put(stores, run(run_id=RunId.of_trigger("nightly-etl", NOW + minutes(3), "k3f9x2mq")))
    stores.runs.transition(rows[2], replace(rows[2], state=RunState.RUNNING, attempt=1, claim_id="c"))
    found = stores.runs.queued_between("nightly-etl", NOW + minutes(1), NOW + minutes(3))
    assert list(found) == [rows[1], rows[3], manual]


def test_queued_between_counts_fractions_of_a_second(stores):
    row = put(stores, run())
    half = timedelta(milliseconds=500)
    assert stores.runs.queued_between("nightly-etl", NOW - half, NOW + half) == [row]
    assert list(stores.runs.queued_between("nightly-etl", NOW + half, NOW + minutes(1))) == []
    assert list(stores.runs.queued_between("nightly-etl", NOW + half / 2, NOW + half)) == []


def test_overdue_rows_come_longest_overdue_first_up_to_the_limit(stores):
    name = "nightly-etl"
    put(stores, *(run(name, NOW + minutes(n), wake_at=NOW + minutes(10 - n)) for n in range(5)))
    found = stores.runs.wake_before(shard_of(name, SHARDS), NOW + minutes(9), 3)
    assert [run_id.moment for run_id in found] == [NOW + minutes(4), NOW + minutes(3), NOW + minutes(2)]


def test_the_sweep_finds_a_row_in_its_own_shard_only_and_no_terminal_one(stores):
    name = "nightly-etl"
    row = put(stores, run(name))
    put(stores, ended(name, NOW + minutes(1)))
    found = {shard: list(stores.runs.wake_before(shard, NOW + minutes(99), 10)) for shard in range(SHARDS)}
    assert found == {
        shard: [row.run_id] if shard == shard_of(name, SHARDS) else [] for shard in range(SHARDS)
    }


def test_a_row_that_ends_leaves_the_sweep_and_enters_the_failures(stores):
    name = "nightly-etl"
    shard = shard_of(name, SHARDS)
    row = put(stores, replace(PLAIN, wake_at=NOW))
    failed = replace(row, state=RunState.FAILED, wake_at=None, ended_at=NOW + minutes(2))
    assert stores.runs.transition(row, failed) == failed
    assert list(stores.runs.wake_before(shard, NOW + minutes(99), 10)) == []
    assert stores.runs.failed_since(shard, NOW, 10).items == (row.run_id,)


def test_a_failure_that_is_being_compensated_is_swept_again_and_no_failure_meanwhile(stores):
    name = "nightly-etl"
    shard = shard_of(name, SHARDS)
    unknown = put(stores, ended(name, state=RunState.UNKNOWN, attempt=1, claim_id="c"))
    resumed = replace(unknown, state=RunState.COMPENSATING, ended_at=None, wake_at=NOW)
    assert stores.runs.transition(unknown, resumed) == resumed
    assert list(stores.runs.wake_before(shard, NOW, 10)) == [unknown.run_id]
    assert stores.runs.failed_since(shard, NOW - minutes(9), 10).items == ()


def test_failures_come_newest_first_page_by_page_and_successes_never(stores):
    name = "nightly-etl"
    shard = shard_of(name, SHARDS)
    states = [
        RunState.FAILED,
        RunState.TIMED_OUT,
        RunState.UNKNOWN,
        RunState.COMPENSATION_FAILED,
        RunState.FAILED,
    ]
    rows = put(stores, *(ended(name, NOW + minutes(n), state) for n, state in enumerate(states)))
    put(
        stores,
        ended(name, NOW + minutes(9), RunState.SUCCEEDED),
        ended(name, NOW + minutes(8), RunState.SKIPPED),
    )
    first = stores.runs.failed_since(shard, NOW + minutes(1), 3)
    rest = stores.runs.failed_since(shard, NOW + minutes(1), 3, first.next_key)
    assert first.items + rest.items == tuple(row.run_id for row in reversed(rows[1:]))


def test_the_oldest_wake_is_that_of_the_run_whose_turn_comes_first(stores):
    shard = int(shard_of("nightly-etl", SHARDS))
    assert stores.runs.oldest_wake(shard) is None
    put(stores, run(wake_at=NOW + minutes(9)), ended(fire_at=NOW + minutes(2)))
    put(stores, run(fire_at=NOW + minutes(1), wake_at=NOW + minutes(4)))
    assert stores.runs.oldest_wake(shard) == NOW + minutes(4)


@pytest.mark.parametrize("trace", [Trace("a" * 32), Trace("b" * 32, is_sampled=False, state="rojo=1 2")])
def test_a_trace_that_nobody_outside_began_survives_too(stores, trace):
    row = replace(PLAIN, given_trace=trace)
    put(stores, row)
    assert stores.runs.get(row.run_id) == row
