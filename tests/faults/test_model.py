"""The protocol searched exhaustively: clean as designed, and broken in the known way without each safeguard."""

from dataclasses import replace
from functools import lru_cache

import pytest

from tests.faults.model.holes import HOLES
from tests.faults.model.protocol import Config, Protocol
from tests.faults.model.search import search
from tests.faults.model.workflow import Config as WorkflowConfig
from tests.faults.model.workflow import Workflow
from tests.faults.model.worlds import SMALL, model_of

BOUND = 40_000


@lru_cache
def _as_designed(world):
    return search(model_of(world), BOUND)


@pytest.mark.parametrize("name", SMALL)
def test_no_state_of_the_world_is_wrong_or_stuck(name):
    found = search(model_of(SMALL[name]))
    assert found.is_clean, found.told()


@pytest.mark.parametrize("hole", HOLES, ids=lambda hole: hole.name)
def test_the_hole_is_closed_as_designed(hole):
    found = _as_designed(hole.world)
    assert not found.complaint, found.told()


@pytest.mark.parametrize("hole", HOLES, ids=lambda hole: hole.name)
def test_the_hole_opens_without_its_safeguards(hole):
    found = search(hole.model(opened=True))
    assert (found.complaint, len(found.trace)) == (hole.complaint, hole.depth), found.told()


ALONE = [(hole, kept) for hole in HOLES for kept in hole.alone.split()]


@pytest.mark.parametrize(("hole", "kept"), ALONE, ids=lambda part: getattr(part, "name", part))
def test_one_safeguard_of_several_keeps_the_hole_closed(hole, kept):
    taken_away = frozenset(hole.without.split()) - {kept}
    found = search(model_of(replace(hole.world, without=taken_away)), BOUND)
    assert not found.complaint, found.told()


def _complaint(without="", **world):
    return search(
        Protocol(Config(without=frozenset(without.split()), **({"timetables": ((1,),)} | world)))
    ).complaint


def _workflow_complaint(without="", **world):
    return search(Workflow(WorkflowConfig(without=frozenset(without.split()), **world))).complaint


def test_calls_of_two_attempts_overlap_only_when_a_worker_outlives_its_lease():
    exclusive = {"workers": 2, "exclusive_calls": True}
    assert _complaint(**exclusive) == "two attempts of one run were calling at once"
    assert not _complaint(**exclusive, crashes=1, lease_outlasts=("repeat", "call", "finish"))


def test_without_the_sweep_a_crash_leaves_a_run_for_ever():
    assert _complaint(crashes=1, sweeps=False).startswith("stuck")


def test_without_the_sweep_a_dropped_message_leaves_a_run_for_ever():
    assert _complaint(drops=1, sweeps=False, lease_outlasts=("repeat", "call", "finish")).startswith("stuck")


CALM = {"timetables": ((1, 2),), "ticks": 2, "sweeps": False, "lease_outlasts": ("repeat", "call", "finish")}


@pytest.mark.parametrize("safeguard", ["put_if_absent", "next_fire_at"])
def test_either_put_if_absent_or_the_next_fire_at_condition_holds_two_ticks(safeguard):
    assert not _complaint(safeguard, **CALM)


def test_without_put_if_absent_and_the_next_fire_at_condition_two_ticks_double_a_run():
    assert _complaint("put_if_absent next_fire_at", **CALM) == "attempt 1 called its target twice"


SPLIT = {"timetables": ((1, 2),), "workers": 0, "sweeps": False, "split": True, "crashes": 1}


def test_rows_first_and_head_after_needs_no_transaction():
    assert not _complaint(**SPLIT)


def test_head_first_and_rows_after_loses_a_fire_time():
    assert _complaint("rows_first", **SPLIT) == "fire time 1 was lost"


def test_only_a_new_incarnation_needs_the_claim_to_be_one_transaction():
    world = {"operator_acts": 2, "acts": ("deletes", "recreates")}
    assert _complaint(**SPLIT, **world) == "fire time 1 met an older row"
    assert not _complaint(**SPLIT | {"split": False}, **world)


def test_without_the_head_check_a_run_starts_after_the_pause_was_answered():
    assert "after the schedule was paused" in _complaint("head_check", operator_acts=1, acts=("pauses",))


def test_without_the_condition_on_start_an_ended_run_starts_again():
    assert _complaint("start_condition", workers=2, duplicates=1) == "a SUCCEEDED row became RUNNING"


@pytest.mark.parametrize("safeguard", ["fresh_claim_id", "finish_attempt", "expiry_claim_id", "finish_state"])
def test_claim_id_attempt_and_state_back_each_other_on_finish(safeguard):
    assert not _complaint(safeguard, workers=2)


@pytest.mark.parametrize("pair", ["fresh_claim_id finish_attempt", "expiry_claim_id finish_state"])
def test_a_foreign_finish_gets_through_when_two_of_them_go(pair):
    assert _complaint(pair, workers=2) == "an attempt ended a row that another one owns"


def test_an_equal_claim_id_that_counts_as_success_saves_the_only_attempt():
    world = {"lost": 1, "attempts": 1, "no_waste": True, "lease_outlasts": ("repeat", "call", "finish")}
    assert not _complaint(**world)
    assert "given away uncalled" in _complaint("own_write_known", **world)


def test_not_before_stops_an_early_retry_without_the_attempt_tag():
    assert not _complaint("attempt_tag", duplicates=1, failures=1)


def test_the_attempt_tag_alone_lets_a_message_that_comes_too_soon_start_the_retry():
    assert _complaint("not_before", failures=1) == "a retry started before its time"


def test_a_stale_read_of_the_siblings_leaves_the_join_unstarted():
    assert _workflow_complaint("consistent_siblings parent_wake", workers=2).startswith("stuck")


def test_a_stale_read_of_the_siblings_compensates_in_the_wrong_order():
    complaint = _workflow_complaint("consistent_siblings", workers=2, failures=1)
    assert complaint == "step 0 is compensated before a step that needed it"


def test_the_parents_wake_at_finishes_a_workflow_that_nobody_nudges():
    assert not _workflow_complaint("nudge", crashes=1, failures=1)


def test_nudges_alone_lose_a_workflow_to_a_crash():
    assert _workflow_complaint("parent_wake", crashes=1).startswith("stuck")


def test_nudges_alone_finish_a_workflow_without_crashes():
    assert not _workflow_complaint("parent_wake", failures=1)
