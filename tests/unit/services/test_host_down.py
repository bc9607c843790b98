"""A host that is down turns its runs into waiting ones, and a host with limits is never asked for more."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from carillon.domain.errors import Unavailable
from carillon.domain.host_gate import HostLimit
from carillon.domain.job import Retry
from carillon.domain.run import RunState
from carillon.domain.schedule import Misfire, Policies, ScheduleState
from tests.unit.services.host_outage import DOWN, OK, hanging, outage, refusing, work_through


def test_five_hundred_runs_wait_out_ten_minutes_of_a_dead_host_and_all_succeed():
    world, host = outage(500, 600)
    work_through(world, 1500)
    rows = list(world.database.runs.values())
    assert len(rows) == 500
    assert Counter(row.state for row in rows) == {RunState.SUCCEEDED: 500}
    during = [call for call in host.calls if call[0] < host.up_at]
    assert len(during) <= 12
    assert len(host.calls) == 500 + len(during)


@pytest.mark.parametrize("workers", [10, 100])
def test_many_workers_share_what_one_of_them_has_found_out(workers):
    figures = refusing(workers)
    assert figures.states == {RunState.SUCCEEDED: 500}
    assert figures.during <= 12 + workers
    assert figures.after == 500


def test_a_host_that_hangs_is_sent_what_was_under_way_and_then_tried_now_and_again():
    figures = hanging(10, 100, 10)
    assert figures.states == {RunState.SUCCEEDED: 500}
    assert 100 <= figures.during <= 120
    assert figures.after == 500


def test_what_was_not_called_does_not_count_as_an_attempt():
    world, host = outage(30, 300, retry=Retry(max_attempts=4))
    work_through(world, 900)
    rows = world.database.runs.values()
    assert {row.state for row in rows} == {RunState.SUCCEEDED}
    called = Counter(run_id for _, run_id, _ in host.calls)
    assert all(called[str(row.run_id)] == row.attempt for row in rows)
    assert sum(row.attempt == 1 for row in rows) >= 20


def test_a_held_run_tells_why_and_once():
    world, _ = outage(30, 300)
    work_through(world, 120)
    held = [row for row in world.database.runs.values() if row.state is RunState.QUEUED]
    assert held
    for row in held:
        assert [event.message for event in row.events if "held back" in event.message] == [
            "held back: the host is down (example.com)"
        ]


def test_a_run_without_a_slot_is_held_no_longer_than_its_grace():
    world, host = outage(30, 3000, needs_slot=False, policies=Policies(misfire=Misfire(grace_seconds=120)))
    work_through(world, 200)
    started = [now for now, _, attempt in host.calls if attempt == 1]
    assert len(started) == 30
    assert max(started) - min(started) <= timedelta(seconds=121)


def test_a_pause_ends_what_is_held():
    world, host = outage(20, 600)
    work_through(world, 60)
    called = len(host.calls)
    for name, head in list(world.database.heads.items()):
        world.database.heads[name] = replace(head, state=ScheduleState.PAUSED)
    work_through(world, 700)
    skipped = [row for row in world.database.runs.values() if row.reason == "paused"]
    assert len(skipped) >= 20 - called


def test_a_busy_host_gets_no_more_calls_at_once_than_it_may():
    world, _ = outage(1, 0)
    world.gate._limits["example.com"] = HostLimit(concurrent=2)
    until = world.clock.now() + timedelta(seconds=60)
    leaves = [world.gate.ask("example.com", until) for _ in range(4)]
    assert [hasattr(leave, "call") for leave in leaves] == [True, True, False, False]
    world.gate.tell(leaves[0], OK)
    assert hasattr(world.gate.ask("example.com", until), "call")
    world.clock.advance(61)
    assert hasattr(world.gate.ask("example.com", world.clock.now() + timedelta(seconds=60)), "call")


def test_a_host_gets_no_more_calls_a_minute_than_it_may():
    world, host = outage(25, 0)
    world.gate._limits["example.com"] = HostLimit(per_minute=10)
    work_through(world, 400)
    assert len(host.calls) == 25
    starts = sorted(now for now, _, _ in host.calls)
    for start in starts:
        assert sum(start <= now < start + timedelta(seconds=60) for now in starts) <= 10
    assert sum(now < starts[0] + timedelta(seconds=60) for now in starts) == 10


class Broken:
    """Facts that cannot be reached."""

    def read(self, key, now):
        raise Unavailable("no answer")

    swap = read_many = read


def test_what_is_not_known_of_hosts_keeps_no_run_from_its_target():
    world, host = outage(3, 0)
    world.gate._facts = Broken()
    work_through(world, 3)
    assert len(host.calls) == 3
    assert {row.state for row in world.database.runs.values() if row.attempt} == {RunState.SUCCEEDED}
    world.gate.tell(world.gate.ask("example.com", world.clock.now()), DOWN)
    assert {line["action"] for line in world.lines} >= {"host_not_asked", "host_not_told"}


def test_a_host_that_is_well_costs_one_read_every_few_seconds_and_no_write():
    world, _ = outage(1, 0)
    before = dict(world.facts.rows)
    for _ in range(50):
        world.gate.tell(world.gate.ask("api.example.com", world.clock.now()), OK)
    assert world.facts.rows == before
