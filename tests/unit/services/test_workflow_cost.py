"""What a step costs in calls of the stores, however wide or deep its workflow is."""

from collections import Counter

import pytest

from carillon.domain.run import RunState
from tests.unit.services.workflows import WorkflowWorld, task

DEPTH, WIDTH = 200, 500


def chain():
    return {f"s{n}": task(f"s{n}", needs=[f"s{n - 1}"] if n else []) for n in range(DEPTH)}


def fan():
    steps = {"first": task("first")} | {f"w{n}": task(f"w{n}", needs=["first"]) for n in range(WIDTH)}
    return steps | {"last": task("last", needs=[f"w{n}" for n in range(WIDTH)])}


def counted(steps):
    """The calls of a run whose messages are worked one after another, and the rows that its trees were made of."""
    world = WorkflowWorld({"steps": steps})
    found, rows = Counter(), []
    world.database.before = lambda operation: found.update([operation])
    tree = world.runs.tree

    def counting(top):
        answer = tree(top)
        rows.append(len(answer))
        return answer

    world.runs.tree = counting
    world.tick.run(range(1))
    while world.queue.sent:
        world.work()
    assert world.top.state is RunState.SUCCEEDED
    return found, rows


@pytest.mark.parametrize("steps", [chain(), fan()], ids=["200 deep", "500 wide"])
def test_a_step_costs_the_same_few_calls(steps):
    calls, rows = counted(steps)
    count = len(steps)
    told = ", ".join(f"{name} {calls[name] / count:.2f}" for name in sorted(calls))
    print(f"calls a step: {told}; rows of trees: {sum(rows)}")  # noqa: T201
    # Written: put, start, end. Read: the row, its parent, the head, and the tree once behind its end.
    assert calls["put_if_absent"] == count
    assert calls["transition"] <= 2 * count + 2
    assert calls["tree"] <= count + 2
    assert calls["get"] <= 2 * count + 1
    assert sum(calls.values()) <= 7 * count + 15


def test_every_end_in_a_wide_layer_reads_the_layer_once():
    _, rows = counted(fan())
    assert max(rows) == WIDTH + 3
    assert sum(rows) <= (WIDTH + 3) * (WIDTH + 3)
