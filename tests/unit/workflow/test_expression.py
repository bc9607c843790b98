"""JMESPath over outputs: bounded when read, bounded when evaluated."""

import time

import pytest

from carillon.domain.errors import InvalidPath
from carillon.domain.workflow.expression import evaluate, holds, read_path
from carillon.domain.workflow.inputs import paths_of, resolve

DOCUMENT = {
    "steps": {"a": {"state": "SUCCEEDED", "output": {"rows": [{"n": 1}, {"n": 5}], "text": "x" * 30_000}}},
    "run": {"run_id": "etl@20261122T020000Z", "attempt": 2},
    "payload": {"dry": False},
    "item": "i",
    "index": 3,
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("steps.a.output.rows[*].n", [1, 5]),
        ("steps.a.output.rows[?n > `2`].n | [0]", 5),
        ("sum(steps.a.output.rows[*].n)", 6),
        ("{id: run.run_id, dry: payload.dry}", {"id": "etl@20261122T020000Z", "dry": False}),
        ("map(&n, steps.a.output.rows)", [1, 5]),
        ("steps.a.state == 'SUCCEEDED' && !(payload.dry)", True),
        ("steps.b.output", None),
        ("@.index", 3),
        ("join('-', ['a', item])", "a-i"),
    ],
)
def test_an_expression_has_its_value(text, value):
    assert evaluate(read_path(text), DOCUMENT) == value


@pytest.mark.parametrize(
    ("text", "steps", "outputs"),
    [
        ("steps.a.output[*].x", ("a",), ("a",)),
        ("steps.a.state == 'FAILED'", ("a",), ()),
        ("[steps.a.output, steps.b]", ("a", "b"), ("a", "b")),
        ('steps."a".output.steps.c', ("a",), ("a",)),
        ("payload.list[?steps.x == `1`]", (), ()),
        ("length(steps.a.output.rows || steps.b.output)", ("a", "b"), ("a", "b")),
        ("steps.a.output | rows", ("a",), ("a",)),
        ("merge(steps.a.output, run).x", ("a",), ("a",)),
        ("sort_by(steps.a.output, &n)[0]", ("a",), ("a",)),
        ("steps.a.output[0:2].b[].c", ("a",), ("a",)),
    ],
)
def test_the_steps_and_outputs_an_expression_reads_are_known_before_it_runs(text, steps, outputs):
    found = read_path(text)
    assert (found.steps, found.outputs) == (steps, outputs)


def test_only_what_is_empty_false_or_missing_counts_as_false():
    assert [holds(value) for value in (None, False, "", [], {})] == [False] * 5
    assert [holds(value) for value in (0, 0.0, "0", [None], {"a": None}, True)] == [True] * 6


HOSTILE = {
    "nested pairs, compared": "[payload,payload]" + "|[@,@]" * 20 + " == [run,run]" + "|[@,@]" * 4,
    "nested pairs, written out": "to_string([payload,payload]" + "|[@,@]" * 18 + ")",
    "flattened pairs": "[payload,payload]" + "|[@,@][]" * 18,
    "texts that double": "steps.a.output.text" + "|join(@,[@,@])" * 9,
    "nested pairs as a result": "[payload,payload]" + "|[@,@]" * 20,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_expression_is_stopped_soon(text):
    began = time.process_time()
    with pytest.raises(InvalidPath, match="too much"):
        evaluate(read_path(text), DOCUMENT)
    assert time.process_time() - began < 2


def test_a_full_output_can_be_worked_through():
    rows = [{"n": place, "name": f"row {place}"} for place in range(1000)]
    document = {"steps": {"a": {"output": rows}}}
    found = evaluate(read_path("sort_by(steps.a.output[?n > `3`], &name)[*].{n: n, name: name}"), document)
    assert len(found) == 996


@pytest.mark.parametrize("text", ["sum(payload)", "steps.a.output.rows | abs(@)", "nothing(payload)"])
def test_an_expression_that_fails_says_so(text):
    with pytest.raises(InvalidPath, match="cannot be evaluated"):
        evaluate(read_path(text), DOCUMENT)


def test_inputs_are_replaced_wherever_a_key_ends_in_the_mark():
    spec = {
        "kind": "http",
        "url": "https://example.com/",
        "body": {"rows.$": "steps.a.output.rows", "deep": [{"id.$": "run.run_id", "fixed": 1}]},
    }
    assert resolve(spec, DOCUMENT) == {
        "kind": "http",
        "url": "https://example.com/",
        "body": {"rows": [{"n": 1}, {"n": 5}], "deep": [{"id": "etl@20261122T020000Z", "fixed": 1}]},
    }
    assert [path.text for path in paths_of(spec)] == ["steps.a.output.rows", "run.run_id"]


def test_the_whole_input_may_be_one_expression():
    assert resolve({"kind": "python", "arguments.$": "payload"}, DOCUMENT) == {
        "kind": "python",
        "arguments": {"dry": False},
    }


def test_a_text_that_an_output_holds_is_never_an_expression():
    document = DOCUMENT | {"payload": {"x.$": "run.run_id"}}
    assert resolve({"body": {"given.$": "payload"}}, document) == {"body": {"given": {"x.$": "run.run_id"}}}
