"""Run keys of steps, items and compensations: unambiguous, and sorted right behind their parent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carillon.domain.run_id import RunId
from carillon.domain.workflow.step_key import STEP_NAME, StepKey, split

PARENT = RunId("etl", "20261122T020000Z")
NAMES = st.from_regex(STEP_NAME, fullmatch=True).filter(lambda name: name != "undo")
KEYS = st.one_of(
    st.builds(StepKey, NAMES, st.none() | st.integers(0, 99_999), st.none() | st.integers(1, 9999)),
    st.builds(StepKey, st.none(), st.none(), st.integers(1, 9999)),
)


@given(KEYS, st.sampled_from(["20261122T020000Z", "20261122T020000Z~k3f9x2mq", "20261122T020000Z~a-1"]))
def test_every_key_parses_back(key, parent_key):
    parent = RunId("etl", parent_key)
    run_id = key.under(parent)
    assert split(run_id) == (parent, key)
    assert RunId.parse(str(run_id)) == run_id


@given(st.sets(KEYS, max_size=8))
def test_everything_of_a_run_stands_right_behind_it_and_before_the_next(keys):
    others = [RunId("etl", text) for text in ("20261122T020000Z~k3f9x2mq", "20261122T020001Z")]
    ordered = sorted([PARENT, *others, *(key.under(PARENT) for key in keys)])
    assert ordered[0] == PARENT
    assert {split(run_id)[1] for run_id in ordered[1 : 1 + len(keys)]} == keys


def test_items_and_compensations_stand_behind_their_step():
    keys = [
        StepKey("a"),
        StepKey("a", 0),
        StepKey("a", 0, 1),
        StepKey("a", 10),
        StepKey("a", None, 1),
        StepKey("a2"),
    ]
    found = [key.under(PARENT) for key in keys]
    assert sorted(found) == found


@pytest.mark.parametrize(
    "suffix", ["", "a.", "a.5", "a.undo-", "a.00001.b", "a.undo-1.undo-2", ".undo-1", "9a"]
)
def test_a_key_that_names_no_step_is_refused(suffix):
    with pytest.raises(ValueError, match="names no step"):
        split(RunId("etl", f"20261122T020000Z.{suffix}"))


def test_a_top_level_run_has_no_place():
    assert split(PARENT) == (PARENT, None)
