"""The order of a workflow's steps, found in linear work."""

import pytest

from carillon.domain.workflow.advance import advance
from carillon.domain.workflow.rules import StepResult
from carillon.domain.workflow.shape import Step, Workflow, order
from tests.unit.workflow.dags import deep, dense, diamonds, wide


def size_of(needs):
    return len(needs) + sum(map(len, needs.values()))


@pytest.mark.parametrize("shape", [dense([40] * 50), wide(1998), deep(2000), diamonds(666)])
def test_two_thousand_steps_are_ordered_with_two_operations_per_need(shape):
    found = order(shape)
    place = {name: index for index, name in enumerate(found.names)}
    assert found.cycle == ()
    assert len(found.names) == len(shape)
    assert all(place[need] < place[name] for name, needs in shape.items() for need in needs)
    assert found.operations <= 2 * size_of(shape)


def test_operations_grow_linearly_with_dense_layers():
    small, large = dense([20] * 25), dense([20] * 100)
    for count in (lambda shape: order(shape).operations, operations_of_advancing):
        growth = count(large) / count(small)
        assert growth == pytest.approx(size_of(large) / size_of(small), rel=0.05)


def operations_of_advancing(shape):
    workflow = Workflow.of([Step(name, tuple(needs)) for name, needs in shape.items()])
    done = dict.fromkeys(shape, StepResult.SUCCEEDED)
    return advance(workflow, done).operations


def test_a_failure_at_the_root_skips_two_thousand_steps_in_one_answer():
    workflow = Workflow.of([Step(name, tuple(needs)) for name, needs in deep(2000).items()])
    found = advance(workflow, {"d0": StepResult.FAILED})
    assert len(found.skipped) == 1999
    assert found.skipped[0].message == "its rule all_success can no longer hold: d0 failed"
    assert found.skipped[-1].message == "its rule all_success can no longer hold: d1998 could not run"
    assert found.failed == ("d0",)


def test_layers_follow_the_longest_way_from_the_start():
    workflow = Workflow.of(
        [Step("c", ("a", "b")), Step("b", ("a",)), Step("a"), Step("d", ("a",)), Step("lone")]
    )
    assert workflow.layers() == (("a", "lone"), ("b", "d"), ("c",))


def test_a_circle_is_no_workflow():
    with pytest.raises(ValueError, match=r"a -> b -> a|b -> a -> b"):
        Workflow.of([Step("a", ("b",)), Step("b", ("a",))])
