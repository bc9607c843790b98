"""A step for each element of a list, a bounded number at a time."""

import random

from hypothesis import given
from hypothesis import strategies as st

from carillon.domain.workflow.fan_out import advance_items, gathers_inline
from carillon.domain.workflow.rules import StepResult


@given(st.integers(0, 30), st.integers(1, 7), st.integers(0, 1000), st.booleans())
def test_items_run_in_order_within_the_bound_until_all_have_or_one_fails(count, bound, seed, some_fail):
    chance, items, begun = random.Random(seed), {}, []
    while (found := advance_items(count, bound, items)).end is None:
        begun += found.ready
        items |= dict.fromkeys(found.ready, StepResult.LIVE)
        live = [item for item, result in items.items() if result is StepResult.LIVE]
        assert 0 < len(live) <= bound
        failed = StepResult.FAILED in items.values()
        assert failed or len(live) == min(bound, count - len(items) + len(live))
        fails = some_fail and chance.random() < 0.1
        items[chance.choice(live)] = StepResult.FAILED if fails else StepResult.SUCCEEDED
    assert begun == sorted(begun)
    if found.end is StepResult.SUCCEEDED:
        assert begun == list(range(count))
    else:
        assert found.failed
        assert StepResult.LIVE not in items.values()


def test_after_a_failed_item_no_other_begins():
    items = {0: StepResult.FAILED, 1: StepResult.LIVE}
    assert advance_items(10, 5, items).ready == ()
    assert advance_items(10, 5, items).end is None


def test_results_are_gathered_as_a_list_as_long_as_it_fits():
    assert gathers_inline([10, 10], 23)
    assert not gathers_inline([10, 10], 22)
