"""Workflows that cannot be: each with the code, the place and the sentence its author reads."""

from itertools import pairwise

import pytest

from carillon.domain.errors import InvalidInput
from carillon.domain.job_definition import read_job
from carillon.domain.reading import Faults, Section
from carillon.domain.targets.kind import Reach


def task(**fields):
    return {"target": {"kind": "python", "task": "work", "arguments": fields.pop("arguments", {})}} | fields


def read(job, longest=295.0):
    faults = Faults()
    body = Section({"job": job}, "", faults, ("job",))
    found = read_job(body, longest, Reach())
    faults.raise_any("The schedule is not valid.")
    return found


def steps(**found):
    return {"steps": found}


A_TO_B = {"a": task(), "b": task(needs=["a"])}
LONG_CHAIN = {f"s{place}": task(needs=[f"s{(place - 1) % 30}"]) for place in range(30)}

MALFORMED = [
    ("no steps", steps(), "steps", "no_steps",
     'Give a JSON object of named steps, such as {"extract": {"target": {...}}}.'),
    ("steps as a list", {"steps": [task()]}, "steps", "no_steps",
     'Give a JSON object of named steps, such as {"extract": {"target": {...}}}.'),
    ("too many steps", steps(**{f"s{n}": {} for n in range(1001)}), "steps", "too_many_steps",
     "There are 1001 steps; 1000 are allowed."),
    ("a step that is no object", steps(a=[]), "steps.a", "invalid", "This must be a JSON object."),
    ("a name with a dash", {"steps": {"load-rows": task()}}, "steps.load-rows", "bad_step_name",
     "Name a step with up to 40 letters, digits and _, beginning with a letter."),
    ("a name with a dot", {"steps": {"load.rows": task()}}, "steps.load.rows", "bad_step_name",
     "Name a step with up to 40 letters, digits and _, beginning with a letter."),
    ("a name that is too long", {"steps": {"x" * 41: task()}}, f"steps.{'x' * 41}", "bad_step_name",
     "Name a step with up to 40 letters, digits and _, beginning with a letter."),
    ("a reserved name", steps(undo=task()), "steps.undo", "reserved_name",
     "A step cannot be called undo: run ids use that word for compensations."),
    ("an unknown field", steps(a=task(need=["b"])), "steps.a.need", "invalid",
     "There is no such field; did you mean needs?"),
    ("an unknown step", steps(extract=task(), load=task(needs=["extrac"])), "steps.load.needs.0", "unknown_step",
     "There is no step extrac; did you mean extract?"),
    ("an unknown step unlike any", steps(a=task(needs=["qqq"])), "steps.a.needs.0", "unknown_step",
     "There is no step qqq in this workflow."),
    ("a step that needs itself", steps(a=task(needs=["a"])), "steps.a.needs.0", "self_need",
     "The step a needs itself; take it out."),
    ("a condition over its own output", steps(a=task(when="steps.a.output.ok")), "steps.a.when", "not_upstream",
     "'steps.a.output.ok' refers to a itself, which has put out nothing before it has run; only its compensate may."),
    ("a condition with no such function", steps(a=task(when="lenght(payload.rows) > `0`")), "steps.a.when",
     "bad_when", "There is no function lenght; did you mean length?"),
    ("a condition with a function like none", steps(a=task(when="qqq(payload)")), "steps.a.when", "bad_when",
     "There is no function qqq in JMESPath."),
    ("a function without what it needs", steps(a=task(when="contains(payload.rows)")), "steps.a.when",
     "bad_when", "The function contains takes 2 arguments, not 1."),
    ("a variadic function without anything", steps(a=task(when="not_null()")), "steps.a.when",
     "bad_when", "The function not_null takes at least 1 argument, not 0."),
    ("an input with no such function", steps(a=task(arguments={"n.$": "qqq(payload)"})),
     "steps.a.target.arguments.n.$", "bad_input", "There is no function qqq in JMESPath."),
    ("what to do about a compensation that is not there", steps(a=task(compensate_on_unknown=True)),
     "steps.a.compensate_on_unknown", "invalid", "This only counts beside compensate; add that or leave this out."),
    ("a need twice", steps(a=task(), b=task(needs=["a", "a"])), "steps.b.needs.1", "duplicate_need",
     "The step a is named twice here; keep one."),
    ("needs that are a text", steps(a=task(), b=task(needs="a")), "steps.b.needs", "bad_needs",
     'This must be a list of steps, such as ["extract"].'),
    ("a need that is a number", steps(a=task(needs=[1])), "steps.a.needs.0", "bad_needs",
     "This must be the name of a step, in quotes."),
    ("two steps in a circle", steps(a=task(needs=["b"]), b=task(needs=["a"])), "steps.a", "cycle",
     "These steps wait for each other in a circle: a -> b -> a. Take one need out."),
    ("a circle behind an honest start",
     steps(go=task(), a=task(needs=["go", "c"]), b=task(needs=["a"]), c=task(needs=["b"]), end=task(needs=["c"])),
     "steps.a", "cycle", "These steps wait for each other in a circle: a -> b -> c -> a. Take one need out."),
    ("an unknown rule", steps(a=task(rule="all_succes")), "steps.a.rule", "invalid",
     "Use one of all_success, all_failed, all_done, all_done_min_one_success, all_skipped, one_failed, "
     "one_success, one_done, none_failed, none_failed_min_one_success, none_skipped, always; "
     "did you mean all_success?"),
    ("a condition that is no text", steps(a=task(when=True)), "steps.a.when", "bad_when",
     "Give a JMESPath in quotes, such as steps.extract.output.rows."),
    ("a condition that cannot be read", steps(a=task(when="run.attempt >")), "steps.a.when", "bad_when",
     "This is not a JMESPath expression: Invalid jmespath expression: Incomplete expression."),
    ("a condition on nothing known", steps(a=task(when="outputs.a")), "steps.a.when", "bad_when",
     "There is nothing called 'outputs' here; begin with one of steps, run, payload, item, index."),
    ("a condition on everything", steps(a=task(when="length(@)")), "steps.a.when", "bad_when",
     "Begin with one of steps, run, payload, item, index: the whole document cannot be used."),
    ("a condition on all steps", steps(a=task(), b=task(needs=["a"], when="length(steps) > `1`")),
     "steps.b.when", "bad_when", "Name the step, such as steps.extract.output."),
    ("a condition that binds otherwise than it reads", steps(a=task(when="!payload.dry_run")), "steps.a.when",
     "bad_when", "Put brackets behind the exclamation mark, such as !(payload.dry_run)."),
    ("a condition that is too long", steps(a=task(when="payload." + "x" * 600)), "steps.a.when", "bad_when",
     "This expression has 608 characters; 512 are allowed."),
    ("a condition that nests too much", steps(a=task(when="(" * 80 + "payload" + ")" * 80)), "steps.a.when",
     "bad_when", "This expression nests too much: at most 60 of ( [ { & ! * are allowed."),
    ("a condition that is too deep", steps(a=task(when="payload" + "|a" * 40)), "steps.a.when",
     "bad_when", "This expression is nested more than 32 levels deep; simplify it."),
    ("a condition on a step behind it", steps(a=task(when="steps.b.output"), b=task(needs=["a"])), "steps.a.when",
     "not_upstream",
     "'steps.b.output' refers to b, which need not have run before a; add it to the needs of a or of a step "
     "before it."),
    ("a condition on a step that does not exist", steps(a=task(when="steps.extract.output")), "steps.a.when",
     "unknown_reference", "'steps.extract.output' refers to a step 'extract' that does not exist in this workflow."),
    ("an input from a step beside it",
     steps(a=task(), b=task(arguments={"rows.$": "steps.a.output"})), "steps.b.target", "not_upstream",
     "'steps.a.output' refers to a, which need not have run before b; add it to the needs of b or of a step "
     "before it."),
    ("an input that is no expression", steps(a=task(arguments={"rows.$": 5})),
     "steps.a.target.arguments.rows.$", "bad_input", "A key that ends in .$ holds a JMESPath in quotes."),
    ("an input given twice", steps(a=task(arguments={"rows": 1, "rows.$": "payload"})),
     "steps.a.target.arguments.rows.$", "bad_input", "Both this and rows are given; keep one."),
    ("an expression for a header",
     steps(a={"target": {"kind": "http", "url": "https://example.com/", "headers": {"X-Id.$": "run.run_id"}}}),
     "steps.a.target.headers.X-Id.$", "bad_input",
     "An expression cannot stand here, only in what the target is given."),
    ("the item of a list without one", steps(a=task(arguments={"file.$": "item"})), "steps.a.target", "no_item",
     "'item' uses item or index, which only a step with for_each is given."),
    ("a list that is a number", steps(a=task(for_each=3)), "steps.a.for_each", "bad_for_each",
     "Give the JMESPath of a list, such as steps.extract.output.files."),
    ("a list without its path", steps(a=task(for_each={"max_concurrent": 3})), "steps.a.for_each.over",
     "bad_for_each", "Give the JMESPath of a list, such as steps.extract.output.files."),
    ("a list from a step behind it", steps(a=task(for_each="steps.b.output"), b=task(needs=["a"])),
     "steps.a.for_each", "not_upstream",
     "'steps.b.output' refers to b, which need not have run before a; add it to the needs of a or of a step "
     "before it."),
    ("no item at a time", steps(a=task(for_each={"over": "payload", "max_concurrent": 0})),
     "steps.a.for_each.max_concurrent", "invalid", "This must be a whole number from 1 to 100."),
    ("a step without a target", steps(a={"needs": []}), "steps.a.target", "invalid",
     'Give a JSON object such as {"kind": "http", "url": "https://..."}.'),
    ("a compensation without a target", steps(a=task(compensate={"timeout_seconds": 5})),
     "steps.a.compensate.target", "invalid", 'Give a JSON object such as {"kind": "http", "url": "https://..."}.'),
    ("a compensation that needs something", steps(a=task(compensate=task(needs=["a"]))),
     "steps.a.compensate.needs", "invalid",
     "There is no such field; known here are heartbeat_seconds, retry, target, timeout_seconds, wait, "
     "wait_timeout_seconds."),
    ("a compensation that reads a later step",
     steps(a=task(compensate=task(arguments={"x.$": "steps.b.output"})), b=task(needs=["a"])),
     "steps.a.compensate.target", "not_upstream",
     "'steps.b.output' refers to b, which need not have run before a; add it to the needs of a or of a step "
     "before it."),
    ("a target beside steps", {"steps": A_TO_B, "target": {"kind": "python", "task": "work"}}, "target",
     "belongs_to_steps", "In a workflow each step has its own target; move it there."),
    ("retries beside steps", {"steps": A_TO_B, "retry": {"max_attempts": 2}}, "retry", "belongs_to_steps",
     "In a workflow each step has its own retry; move it there."),
    ("a deadline of a year", {"steps": A_TO_B, "timeout_seconds": 31_536_000}, "timeout_seconds", "invalid",
     "This must be a number from 1 to 2592000."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("job", "field", "code", "sentence"),
    [row[1:] for row in MALFORMED],
    ids=[row[0].replace(" ", "_") for row in MALFORMED],
)
def test_a_malformed_workflow_is_refused_with_its_code_and_sentence(job, field, code, sentence):
    with pytest.raises(InvalidInput) as caught:
        read(job)
    first = caught.value.errors[0]
    assert (first.field, first.code, first.message) == (f"job.{field}", code, sentence)


def test_a_long_circle_is_told_as_a_path():
    with pytest.raises(InvalidInput) as caught:
        read({"steps": LONG_CHAIN})
    (fault,) = caught.value.errors
    assert fault.code == "cycle"
    path = fault.message.partition("circle: ")[2].partition(".")[0].split(" -> ")
    assert (len(path), path[0]) == (31, path[-1])
    for first, second in pairwise(path):
        assert LONG_CHAIN[second]["needs"] == [first]


def test_a_hostile_document_gets_a_bounded_answer():
    with pytest.raises(InvalidInput) as caught:
        read({"steps": {f"s{n}": task(needs=[f"no{m}" for m in range(50)]) for n in range(900)}})
    assert len(caught.value.errors) == 100


def test_a_good_workflow_reads_with_its_defaults_in_topological_order():
    job = read(
        {
            "steps": {
                "load": task(needs=["transform"], compensate=task(arguments={"x.$": "steps.load.output"})),
                "transform": task(needs=["extract"], when="steps.extract.output.rows > `0`"),
                "extract": task(timeout_seconds=20),
                "each": task(
                    needs=["extract"], for_each="steps.extract.output.files", arguments={"f.$": "item"}
                ),
            }
        }
    )
    assert [step.name for step in job.workflow.steps] == ["extract", "transform", "each", "load"]
    assert job.workflow.layers() == (("extract",), ("transform", "each"), ("load",))
    assert job.tasks["extract"].timeout_seconds == 20
    assert job.tasks["load"].compensate.target["arguments"] == {"x.$": "steps.load.output"}
    assert job.timeout_seconds == 86_400
