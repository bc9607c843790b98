"""Overlap holds for rows at each instant, and no run is lost: every interleaving of two workers, a sweep and a crash.

The stores are the memory ones, the services are the real ones, and every store call is a step; `-s` prints the counts.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from carillon.domain.overlap import EMPTY, QUEUE_FULL, REPLACED, SKIPPED, Slot, capacity
from carillon.domain.run import RunState
from carillon.domain.schedule import Overlap, Policies
from tests.fakes.slots import MemorySlots
from tests.faults.overlap.interleave import Explorer
from tests.faults.overlap.stage import GRACE, NO_RETRY, ONE_RETRY, STARTED, Stage, sweep, work

POLICIES = {
    "skip": Policies(Overlap.SKIP, misfire=GRACE),
    "allow two": Policies(Overlap.ALLOW, max_concurrent=2, misfire=GRACE),
    "queue": Policies(Overlap.QUEUE, misfire=GRACE),
    "queue none": Policies(Overlap.QUEUE, max_queued=0, misfire=GRACE),
    "replace": Policies(Overlap.REPLACE, misfire=GRACE),
}
ALLOWED_REASONS = {
    "skip": {SKIPPED},
    "allow two": {SKIPPED},
    "queue": set(),
    "queue none": {QUEUE_FULL},
    "replace": {REPLACED},
}


def lost(run, slot_until):
    """A run whose worker is gone: RUNNING with its lease over, holding the slot."""
    return replace(
        run,
        state=RunState.RUNNING,
        attempt=1,
        claim_id="gone",
        slotted=True,
        revision=1,
        started_at=run.fire_at,
        lease_until=slot_until,
    )


class Rules:
    """What must hold at each step, and at the end."""

    def __init__(self, name, stage):
        self.stage = stage
        self.reasons = ALLOWED_REASONS[name]
        self.room = capacity(POLICIES[name])
        self.outcomes = set()

    def check(self, tables):
        started = [run_id.run_key for run_id, run in tables.runs if run.state in STARTED]
        assert len(started) <= self.room, f"{started} at once"
        held = dict(tables.slots).get("etl", EMPTY).holders
        assert set(started) <= set(held), f"{started} started, {held} hold"
        assert len(held) <= self.room

    def settle(self, tables):
        rows = self.stage.settle(tables, self.check)
        for run in rows.values():
            if run.state in (RunState.SKIPPED, RunState.CANCELLED):
                assert run.reason in self.reasons, run
            else:
                assert run.state in (RunState.SUCCEEDED, RunState.UNKNOWN), run
        self.outcomes.add(tuple(str(run.state) for _, run in sorted(rows.items())))
        assert any(run.state in (RunState.SUCCEEDED, RunState.UNKNOWN) for run in rows.values())


def explored(name, case, stage, scripts, tables):
    rules = Rules(name, stage)
    explorer = Explorer(stage, scripts, rules.check, rules.settle)
    paths = explorer.explore(tables)
    print(  # noqa: T201 - `-s` shows the counts
        f"\n{name}, {case}: {paths:,} interleavings, {explorer.states:,} states, {explorer.steps:,} steps, "
        f"{explorer.ends:,} ends, outcomes {sorted(rules.outcomes)}"
    )
    return rules.outcomes


QUICK = {"skip", "queue"}


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in POLICIES]
)
def test_two_fire_times_two_workers_and_a_sweep(name):
    stage = Stage(POLICIES[name], NO_RETRY)
    scripts = [work(stage.message(1)), work(stage.message(2)), sweep]
    outcomes = explored(name, "two fire times", stage, scripts, stage.begin(stage.run(1), stage.run(2)))
    assert ("SUCCEEDED", "SUCCEEDED") in outcomes


@pytest.mark.slow
@pytest.mark.parametrize("name", ["skip", "queue", "replace"])
def test_one_message_delivered_twice_beside_a_waiting_fire_time(name):
    stage = Stage(POLICIES[name], NO_RETRY)
    scripts = [work(stage.message(1)), work(stage.message(1)), sweep]
    explored(name, "one message twice", stage, scripts, stage.begin(stage.run(1), stage.run(2)))


@pytest.mark.parametrize("retry", [NO_RETRY, ONE_RETRY], ids=["one attempt", "two attempts"])
@pytest.mark.parametrize("name", ["skip", "queue", "replace"])
def test_a_lost_holder_that_the_sweep_gives_up_while_a_newer_one_asks(name, retry):
    stage = Stage(POLICIES[name], retry)
    holder = lost(stage.run(0), stage.now - timedelta(seconds=5))
    scripts = [work(stage.message(1)), sweep]
    tables = stage.begin(holder, stage.run(1), slot=Slot((holder.run_id.run_key,)))
    explored(name, f"a lost holder, {retry.max_attempts} attempts", stage, scripts, tables)


def test_without_the_condition_of_the_swap_two_runs_overlap():
    class Careless(MemorySlots):
        def swap(self, schedule_id, before, after, now):
            self._database.slots[schedule_id] = after

    stage = Stage(POLICIES["skip"], NO_RETRY, Careless)
    scripts = [work(stage.message(1)), work(stage.message(2))]
    with pytest.raises(AssertionError, match="started"):
        explored("skip", "a careless store", stage, scripts, stage.begin(stage.run(1), stage.run(2)))
