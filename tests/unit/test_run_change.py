"""Which write of a run's row is its end."""

from datetime import UTC, datetime, timedelta

from carillon.domain.run import Origin, Run, RunState
from carillon.domain.run_change import RunChange
from carillon.domain.run_id import RunId

FIRE = datetime(2026, 11, 22, 2, tzinfo=UTC)
END = FIRE + timedelta(seconds=2)


def run_in(state, ended_at=None):
    return Run(
        run_id=RunId.of_fire_time("nightly-etl", FIRE),
        generation=1,
        origin=Origin.FIRE,
        state=state,
        fire_at=FIRE,
        not_before=FIRE,
        created_at=FIRE,
        ended_at=ended_at,
    )


def ends_now(before, after):
    return RunChange("e-1", "1", before, after).ends_now


def test_the_write_that_sets_the_end_ends_the_run():
    assert ends_now(run_in(RunState.RUNNING), run_in(RunState.FAILED, END))


def test_a_row_that_begins_ended_ends_with_its_first_write():
    assert ends_now(None, run_in(RunState.SKIPPED, END))


def test_a_later_write_to_an_ended_row_is_no_second_end():
    assert not ends_now(run_in(RunState.FAILED, END), run_in(RunState.FAILED, END))


def test_an_ended_run_that_is_moved_to_another_end_ends_again():
    assert ends_now(run_in(RunState.COMPENSATION_FAILED, END), run_in(RunState.COMPENSATED, END))


def test_neither_a_start_nor_a_removal_is_an_end():
    assert not ends_now(run_in(RunState.QUEUED), run_in(RunState.RUNNING))
    assert not ends_now(run_in(RunState.FAILED, END), None)
