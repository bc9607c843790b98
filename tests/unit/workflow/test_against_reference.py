"""The workflow's next moves, held against a naive interpreter that shares no line with them."""

import os
import random
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carillon.domain.workflow.advance import advance
from carillon.domain.workflow.rules import StepResult, TriggerRule, judge, tally
from carillon.domain.workflow.shape import Step, Workflow
from tests.unit.workflow import reference
from tests.unit.workflow.dags import workflows

EXAMPLES = int(os.environ.get("CARILLON_WORKFLOW_EXAMPLES", "300"))
ANY_NUMBER_OF_EXAMPLES = settings(
    max_examples=EXAMPLES,
    derandomize=EXAMPLES <= 300,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    database=None,
)


@pytest.mark.parametrize("rule", TriggerRule)
def test_a_rule_says_what_trying_every_future_says(rule):
    for count in range(5):
        for ends in product([None, *reference.ENDS], repeat=count):
            results = [StepResult(end) if end else None for end in ends]
            assert str(judge(rule, tally(results))) == reference.decide(str(rule), list(ends)), ends


def built(steps):
    shuffled = list(steps.items())
    random.Random(len(steps)).shuffle(shuffled)
    return Workflow.of(
        [
            Step(name, tuple(needs), TriggerRule(rule), may_fail=may_fail)
            for name, (needs, rule, may_fail) in shuffled
        ]
    )


def states_of(naive):
    states = {name: StepResult(end) for name, end in naive.ends.items()}
    return states | dict.fromkeys(naive.running, StepResult.LIVE)


@ANY_NUMBER_OF_EXAMPLES
@given(workflows(), st.randoms(use_true_random=False))
def test_a_workflow_moves_and_ends_as_the_naive_interpreter_says(steps, chance):
    naive, workflow = reference.Interpreter(steps), built(steps)
    while True:
        before = states_of(naive)
        started, skipped = naive.settle()
        found = advance(workflow, before)
        assert set(found.ready) == started
        assert {skip.step for skip in found.skipped} == set(skipped)
        after = states_of(naive)
        again = advance(workflow, after)
        assert (again.ready, again.skipped) == ((), ())
        assert (str(again.end) if again.end else None) == naive.outcome
        if naive.outcome is not None:
            assert set(after) == set(steps), "every step has a result of its own"
            return
        name = chance.choice(naive.running)
        naive.end(name, chance.choice([reference.SUCCEEDED] * 3 + [reference.FAILED, reference.SKIPPED]))


@ANY_NUMBER_OF_EXAMPLES
@given(workflows(), st.randoms(use_true_random=False))
def test_a_stopped_workflow_starts_nothing_and_ends_with_what_runs(steps, chance):
    naive, workflow = reference.Interpreter(steps), built(steps)
    naive.settle()
    while naive.running and chance.random() < 0.7:
        naive.end(chance.choice(naive.running), reference.SUCCEEDED)
        naive.settle()
    states = states_of(naive)
    found = advance(workflow, states, stopped="cancelled")
    assert found.ready == ()
    assert {skip.step for skip in found.skipped} == set(steps) - set(states)
    assert (found.end is None) == bool(naive.running)
