"""Later attempts of steps and repetitions of workflows: what they take from what was before, and what they do not."""

from dataclasses import replace

from carillon.domain.outcome import retryable
from carillon.domain.run import RunState
from tests.unit.services.test_workflow import repeat
from tests.unit.services.workflows import WorkflowWorld, broken, job_of, ok, task


def down():
    return retryable("http_503", "The target is down.")


def test_a_condition_that_held_for_the_first_attempt_is_not_asked_again():
    steps = {
        "fast": task("fast"),
        "slow": task("slow"),
        "early": task("early", needs=["fast", "slow"], rule="one_success", when="steps.slow.state == `null`"),
    }
    world = WorkflowWorld({"steps": steps})
    world.says |= {"slow": [down(), ok()], "early": [down(), ok()]}
    assert world.fire().state is RunState.SUCCEEDED
    assert world.named.called == ["fast", "slow", "early", "slow", "early"]
    assert (world.row("early").state, world.row("early").attempt) == (RunState.SUCCEEDED, 2)


def repeated_with(steps):
    """What a repetition calls that begins with other steps than the failed run had."""
    world = WorkflowWorld({"steps": {"a": task("a"), "b": task("b", needs=["a"])}})
    world.says["b"] = [broken()]
    assert world.fire().state is RunState.FAILED
    revision = world.database.revisions["etl", 1]
    world.database.revisions["etl", 2] = replace(revision, number=2, job=job_of({"steps": steps}))
    world.database.heads["etl"] = replace(world.head(), revision=2)
    again = repeat(world)
    world.says["b"] = [ok()]
    del world.named.called[:]
    world.settle()
    assert world.database.runs[again].state is RunState.SUCCEEDED
    return world.named.called


def test_a_step_that_was_edited_meanwhile_is_not_taken_over():
    assert repeated_with({"a": task("a", {"day": 2}), "b": task("b", needs=["a"])}) == ["a", "b"]


def test_a_step_that_now_needs_another_one_is_not_taken_over():
    steps = {"new": task("new"), "a": task("a", needs=["new"]), "b": task("b", needs=["a"])}
    assert repeated_with(steps) == ["new", "a", "b"]


def test_a_step_that_stayed_the_same_beside_an_edited_one_is_taken_over():
    assert repeated_with({"a": task("a"), "b": task("b", {"day": 2}, needs=["a"])}) == ["b"]
