"""What workflows need of the stores: a whole tree in one read, outputs in hundreds, large jobs in one row."""

from dataclasses import replace

import pytest

from carillon.adapters.dynamo.revision_item import revision_item
from carillon.domain.errors import MalformedRow
from carillon.domain.run import Origin
from carillon.domain.run_id import RunId
from carillon.domain.schedule import After, ChainOn, TimetableSpec
from carillon.domain.workflow.step_key import StepKey
from tests.contract.builders import NOW, change, put, revision, run, schedule
from tests.unit.services.workflows import job_of, task

TOP = run().run_id


def below(key, **changes):
    return replace(run(), run_id=key.under(TOP), origin=Origin.STEP, **changes)


def test_a_tree_is_the_top_and_all_below_it_and_nobody_else(stores):
    keys = [StepKey("a"), StepKey("a", 0), StepKey("a", 0, 1), StepKey("a", undo=1), StepKey("b")]
    rows = [below(key) for key in keys]
    others = [
        RunId(TOP.schedule_id, f"{TOP.run_key}~r1"),
        RunId(TOP.schedule_id, f"{TOP.run_key}~r1.a"),
        RunId(TOP.schedule_id, f"{TOP.run_key}-r1"),
        RunId("nightly-etl-2", f"{TOP.run_key}.a"),
    ]
    for row in [run(), *reversed(rows), *(replace(run(), run_id=run_id) for run_id in others)]:
        put(stores, row)
    assert [row.run_id for row in stores.runs.tree(TOP)] == [TOP, *(row.run_id for row in rows)]


def test_a_tree_larger_than_one_page_is_whole(stores):
    story = "x" * 380
    for number in range(120):
        row = below(StepKey("a", number))
        for _ in range(30):
            row = row.noted(NOW, story)
        put(stores, row)
    put(stores, run())
    assert len(stores.runs.tree(TOP)) == 121


def test_a_tree_that_does_not_exist_is_empty(stores):
    assert list(stores.runs.tree(TOP)) == []


def test_outputs_are_read_in_hundreds_and_those_missing_are_left_out(stores):
    runs = [below(StepKey("a", number), attempt=1) for number in range(130)]
    for number, row in enumerate(runs[:-1]):
        stores.outputs.keep(row, {"n": number}, NOW)
    found = stores.outputs.read_many(runs)
    assert found == {row.run_id: {"n": number} for number, row in enumerate(runs[:-1])}


def test_an_output_of_another_attempt_is_not_read(stores):
    row = below(StepKey("a"), attempt=1)
    stores.outputs.keep(row, [1], NOW)
    assert stores.outputs.read_many([replace(row, attempt=2)]) == {}


def test_a_list_of_references_longer_than_an_output_comes_back(stores):
    row, found = below(StepKey("a"), attempt=1), [{"output_of": f"{TOP}.a.{n:05d}"} for n in range(1000)]
    stores.outputs.keep(row, found, NOW)
    assert stores.outputs.read(row) == found


A_WORKFLOW = {
    "steps": {
        "a": task("a", {"x.$": "run.run_id"}, compensate=task("undo_a")),
        "b": task("b", needs=["a"], rule="all_done", when="steps.a.output", may_fail=True),
        "c": task("c", needs=["a"], for_each={"over": "steps.a.output", "max_concurrent": 3}),
    },
    "timeout_seconds": 600,
}


@pytest.mark.parametrize(
    "document", [A_WORKFLOW, task("a", compensate=task("undo_a"))], ids=["steps", "task"]
)
def test_a_job_with_steps_or_a_compensation_comes_back_as_it_was_written(stores, document):
    written = replace(revision(1), job=job_of(document), document={"job": document})
    stores.schedules.write(change(None, schedule(), revision=written))
    assert stores.schedules.revision("nightly-etl", 1) == written


def test_the_largest_workflow_fits_into_one_row(stores):
    steps = {
        f"s{n}": task(f"s{n}", {"text": f"{n} " * 10}, needs=[f"s{n - 1}"] if n else []) for n in range(1000)
    }
    written = replace(revision(1), job=job_of({"steps": steps}), document={"job": {"steps": steps}})
    stores.schedules.write(change(None, schedule(), revision=written))
    assert stores.schedules.revision("nightly-etl", 1) == written
    item = revision_item(written)
    size = sum(len(next(iter(value.values()))) for value in item.values())
    assert size < 100_000


def test_a_squeezed_value_that_unfolds_to_too_much_is_a_malformed_row():
    import zlib

    from carillon.adapters.dynamo.wire import Row

    bomb = {"output": {"B": zlib.compress(b'"' + b"x" * 8_000_000 + b'"')}}
    with pytest.raises(MalformedRow, match="is not JSON"):
        Row(bomb, "A row").any_json("output")


def test_schedules_that_run_after_another_are_found_by_it(stores):
    after = TimetableSpec("", after=After("nightly-etl", ChainOn.END))
    chained = replace(schedule(schedule_id="load"), timetable=after, next_fire_at=None, due_at=None)
    stores.schedules.write(change(None, chained, revision=revision(1, "load")))
    stores.schedules.write(change(None, schedule(), revision=revision(1)))
    assert list(stores.schedules.followers("nightly-etl")) == ["load"]
    assert list(stores.schedules.followers("load")) == []
    assert stores.schedules.head("load").timetable == after
