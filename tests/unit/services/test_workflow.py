"""Workflows at work: steps, conditions, lists, compensation, cancel, deadline, repetition."""

from dataclasses import replace
from datetime import timedelta

import pytest

from carillon.domain.errors import Unavailable
from carillon.domain.outcome import retryable
from carillon.domain.run import Origin, RunState
from carillon.domain.run_id import RunId
from carillon.domain.workflow.ending import COMPENSATE_FIRST
from carillon.domain.workflow.output import MAX_OUTPUT_BYTES
from carillon.domain.workflow.rows import step_row
from carillon.domain.workflow.step_key import StepKey
from carillon.services.enqueue import Enqueue
from tests.unit.services.workflows import MINUTE, WorkflowWorld, broken, ok, task

ETL = {
    "steps": {
        "extract": task("extract", compensate=task("undo_extract")),
        "transform": task(
            "transform",
            {"rows.$": "steps.extract.output.rows", "run.$": "run.run_id"},
            needs=["extract"],
            compensate=task("undo_transform", {"key.$": "steps.transform.output.key"}),
        ),
        "load": task("load", needs=["transform"]),
        "report": task("report", needs=["load"], rule="all_done"),
    }
}


def test_a_workflow_runs_its_steps_in_order_and_succeeds():
    world = WorkflowWorld(ETL)
    world.says["extract"] = [ok({"rows": [1, 2]})]
    top = world.fire()
    assert top.state is RunState.SUCCEEDED
    assert world.named.called == ["extract", "transform", "load", "report"]
    assert world.named.bodies["transform"] == [{"rows": [1, 2], "run": str(world.top_id)}]
    assert set(world.states().values()) == {"SUCCEEDED"}
    assert (world.row("extract").origin, world.row("extract").output_bytes) == (Origin.STEP, 14)


def test_a_chain_needs_no_tick_between_its_steps():
    world = WorkflowWorld(
        {"steps": {f"s{n}": task(f"s{n}", needs=[f"s{n - 1}"] if n else []) for n in range(30)}}
    )
    world.tick.run(range(1))
    while world.queue.sent:
        world.work()
    assert world.top.state is RunState.SUCCEEDED
    assert len(world.named.called) == 30


def test_a_failed_step_takes_back_what_was_done_in_reverse_order():
    world = WorkflowWorld(ETL)
    world.says |= {"transform": [ok({"key": "k"})], "load": [broken()]}
    top = world.fire()
    assert (top.state, top.reason) == (RunState.COMPENSATED, "step_failed")
    assert world.named.called == ["extract", "transform", "load", "report", "undo_transform", "undo_extract"]
    assert world.named.bodies["undo_transform"] == [{"key": "k"}]
    assert world.states() == {
        "extract": "SUCCEEDED",
        "extract.undo-1": "SUCCEEDED",
        "load": "FAILED",
        "report": "SUCCEEDED",
        "transform": "SUCCEEDED",
        "transform.undo-1": "SUCCEEDED",
    }


def test_only_the_failed_step_is_tried_again():
    world = WorkflowWorld(ETL)
    world.says["load"] = [retryable("http_503", "busy"), ok()]
    assert world.fire().state is RunState.SUCCEEDED
    assert world.named.called == ["extract", "transform", "load", "load", "report"]
    assert world.row("load").attempt == 2


def test_a_step_that_never_became_ready_has_a_row_with_the_reason():
    world = WorkflowWorld(ETL)
    world.says["extract"] = [broken()]
    assert world.fire().state is RunState.FAILED
    row = world.row("load")
    assert (row.state, row.reason) == (RunState.SKIPPED, "upstream_failed")
    assert row.events[-1].message == "its rule all_success can no longer hold: transform could not run"
    assert world.named.called == ["extract", "report"]


def test_a_condition_that_does_not_hold_skips_its_step():
    steps = {
        "check": task("check"),
        "work": task("work", needs=["check"], when="steps.check.output.rows > `10`"),
        "after": task("after", needs=["work"]),
        "always": task("always", needs=["work"], rule="none_failed"),
    }
    world = WorkflowWorld({"steps": steps})
    world.says["check"] = [ok({"rows": 3})]
    assert world.fire().state is RunState.SUCCEEDED
    assert world.named.called == ["check", "always"]
    assert (world.row("work").reason, world.row("after").reason) == ("condition", "upstream_skipped")


def test_a_condition_that_fails_on_its_facts_fails_the_step():
    steps = {"a": task("a"), "b": task("b", needs=["a"], when="length(steps.a.output) > `1`")}
    world = WorkflowWorld({"steps": steps})
    world.says["a"] = [ok(5)]
    assert world.fire().state is RunState.FAILED
    assert (world.row("b").state, world.row("b").reason) == (RunState.FAILED, "bad_input")
    assert "cannot be evaluated" in world.row("b").events[-1].message


def test_a_step_that_may_fail_does_not_fail_the_workflow():
    steps = {
        "a": task("a", may_fail=True),
        "b": task("b", may_fail=True),
        "c": task("c", needs=["a", "b"], rule="one_success"),
    }
    world = WorkflowWorld({"steps": steps})
    world.says["a"] = [broken()]
    assert world.fire().state is RunState.SUCCEEDED
    assert world.row("c").state is RunState.SUCCEEDED


FAN = {
    "steps": {
        "list": task("list"),
        "each": task(
            "each",
            {"file.$": "item", "place.$": "index"},
            needs=["list"],
            for_each={"over": "steps.list.output.files", "max_concurrent": 2},
            compensate=task("undo_each", {"file.$": "item"}),
        ),
        "join": task("join", {"all.$": "steps.each.output"}, needs=["each"]),
    }
}


def fan(files, **says):
    world = WorkflowWorld(FAN)
    world.says |= {"list": [ok({"files": files})]} | says
    return world


def test_a_list_is_worked_through_within_its_bound_and_gathered_in_order():
    world = fan(["a", "b", "c", "d", "e"], each=[lambda call: ok({"done": call.spec["body"]["file"]})])
    live = []
    put = world.runs.put_if_absent

    def watched(run, audit=None):
        rows = [row for key, row in world.database.runs.items() if ".each.0" in key.run_key]
        live.append(sum(not row.state.is_terminal for row in rows))
        return put(run, audit)

    world.runs.put_if_absent = watched
    assert world.fire().state is RunState.SUCCEEDED
    assert world.named.bodies["join"] == [{"all": [{"done": name} for name in "abcde"]}]
    assert [body["place"] for body in world.named.bodies["each"]] == [0, 1, 2, 3, 4]
    assert max(live) <= 2


def test_results_too_large_for_one_list_are_gathered_as_references():
    world = fan(["a", "b", "c"], each=[ok("x" * 20_000)])
    assert world.fire().state is RunState.SUCCEEDED
    assert world.named.bodies["join"] == [
        {"all": [{"output_of": f"{world.top_id}.each.0000{n}"} for n in range(3)]}
    ]


def test_an_empty_list_is_done_at_once():
    world = fan([])
    assert world.fire().state is RunState.SUCCEEDED
    assert world.named.bodies["join"] == [{"all": []}]


def test_a_failed_element_fails_the_step_and_what_the_others_did_is_taken_back():
    world = fan(["a", "b", "c", "d"], each=[ok(), broken(), ok()])
    top = world.fire()
    assert top.state is RunState.COMPENSATED
    row = world.row("each")
    assert (row.state, row.reason, row.events[-1].message) == (
        RunState.FAILED,
        "item_failed",
        "1 of 4 elements failed: #1",
    )
    assert world.named.called.count("each") == 2 or world.named.called.count("each") == 3
    done = [body["file"] for body in world.named.bodies["each"]]
    done.remove("b")
    assert [body["file"] for body in world.named.bodies["undo_each"]] == done[::-1]


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (None, "gave nothing"),
        ({"a": 1}, "gave an object"),
        (list(range(1001)), "1001 elements; 1000 are allowed"),
    ],
)
def test_what_is_no_list_fails_the_step_with_the_reason(found, why):
    world = fan(found)
    assert world.fire().state is RunState.FAILED
    assert why in world.row("each").events[-1].message


def test_an_output_of_exactly_the_limit_is_kept():
    world = WorkflowWorld({"steps": {"extract": task("extract")}})
    world.says["extract"] = [ok("x" * (MAX_OUTPUT_BYTES - 2))]
    assert world.fire().state is RunState.SUCCEEDED
    assert world.row("extract").output_bytes == MAX_OUTPUT_BYTES


def test_an_output_that_is_too_large_fails_the_step_and_says_what_to_do():
    world = WorkflowWorld(ETL)
    world.says["extract"] = [ok("x" * 40_000)]
    assert world.fire().state is RunState.FAILED
    assert world.row("extract").reason == "output_too_large"
    assert world.row("extract").events[-1].message == (
        "the output has 40002 bytes; 32768 are allowed: store it elsewhere and put out a reference to it"
    )


def test_a_failing_compensation_stops_the_rest_and_alerts():
    world = WorkflowWorld(ETL)
    world.says |= {"load": [broken()], "undo_transform": [broken()]}
    top = world.fire()
    assert (top.state, top.reason) == (RunState.COMPENSATION_FAILED, "step_failed")
    assert "extract.undo-1" not in world.states()
    assert "transform.undo-1" in top.events[-1].message


def test_a_compensation_has_retries_of_its_own():
    world = WorkflowWorld(ETL)
    world.says |= {"load": [broken()], "undo_transform": [retryable("http_503", "busy"), ok()]}
    assert world.fire().state is RunState.COMPENSATED
    assert world.row("transform", undo=1).attempt == 2


def test_a_plain_task_takes_its_effect_back_when_it_fails():
    world = WorkflowWorld(
        task("work", compensate=task("undo_work", {"run.$": "run.run_id", "why.$": "run.reason"}))
    )
    world.says["work"] = [broken()]
    top = world.fire()
    assert (top.state, top.reason, top.attempt) == (RunState.COMPENSATED, "http_400", 1)
    assert world.named.called == ["work", "undo_work"]
    assert world.named.bodies["undo_work"] == [{"run": str(world.top_id), "why": "http_400"}]


def test_a_plain_task_that_succeeds_takes_nothing_back():
    world = WorkflowWorld(task("work", compensate=task("undo_work")))
    assert world.fire().state is RunState.SUCCEEDED
    assert world.named.called == ["work"]


def started(document, until):
    """The world when a step has been called for the first time and nothing was worked after it."""
    world = WorkflowWorld(document)
    world.tick.run(range(1))
    while until not in world.named.called:
        world.work()
    return world


def test_a_cancelled_workflow_starts_nothing_more_and_keeps_its_effects():
    world = started(ETL, "extract")
    world.cancel_run(world.top_id, "cancelled", "cancelled by ops")
    top = world.settle()
    assert (top.state, top.reason) == (RunState.CANCELLED, "cancelled")
    assert world.named.called == ["extract"]
    assert world.states() == {
        "extract": "SUCCEEDED",
        "load": "SKIPPED",
        "report": "SKIPPED",
        "transform": "CANCELLED",
    }


def test_a_workflow_whose_running_step_ends_well_after_the_cancel_is_cancelled_all_the_same():
    world = WorkflowWorld({"steps": {"extract": task("extract"), "load": task("load", needs=["extract"])}})

    def cancelled_meanwhile(call):
        world.cancel_run(world.top_id, "cancelled", "cancelled by ops")
        return ok()

    world.says["extract"] = [cancelled_meanwhile]
    top = world.fire()
    assert (top.state, top.reason) == (RunState.CANCELLED, "cancelled")
    assert world.states() == {"extract": "SUCCEEDED", "load": "SKIPPED"}


def test_a_step_that_somebody_begins_while_the_workflow_is_stopped_ends_before_it():
    world = WorkflowWorld({"steps": {"extract": task("extract"), "load": task("load", needs=["extract"])}})
    world.tick.run(range(1))
    tree, put = world.runs.tree, world.runs.put_if_absent

    def die(top):
        world.runs.tree = tree
        raise Unavailable("the worker that begins the workflow stands still")

    def begun_just_before(row):
        world.runs.put_if_absent = put
        put(step_row(world.top, StepKey("extract"), Origin.STEP, world.clock.now(), [], "ready"))
        return put(row)

    world.runs.tree = die
    world.work()
    world.runs.put_if_absent = begun_just_before
    world.cancel_run(world.top_id, "cancelled", "cancelled by ops")
    assert world.top.state is RunState.CANCELLED
    assert world.states() == {"extract": "CANCELLED", "load": "SKIPPED"}


@pytest.mark.parametrize("document", [ETL, task("work", compensate=task("undo_work"))], ids=["steps", "task"])
def test_a_job_that_cannot_be_read_for_a_moment_is_not_taken_for_a_plain_task(document):
    world = WorkflowWorld(document)
    world.says |= {"load": [broken()], "work": [broken()]}
    world.tick.run(range(1))
    revision, message = world.schedules.revision, world.queue.sent[0]

    def refuse_once(*key):
        world.schedules.revision = revision
        raise Unavailable("no answer")

    world.schedules.revision = refuse_once
    with pytest.raises(Unavailable):
        world.work(message)
    assert world.settle().state is RunState.COMPENSATED


def test_a_cancelled_workflow_takes_its_effects_back_when_asked():
    world = started(ETL, "extract")
    world.cancel_run(world.top_id, COMPENSATE_FIRST, "cancelled by ops")
    assert world.settle().state is RunState.COMPENSATED
    assert world.named.called == ["extract", "undo_extract"]


def test_a_workflow_that_outlives_its_deadline_times_out():
    world = WorkflowWorld({"steps": ETL["steps"], "timeout_seconds": 90})
    world.named.takes["extract"] = 100
    top = world.fire()
    assert (top.state, top.reason) == (RunState.COMPENSATED, "timed_out")
    assert world.named.called == ["extract", "undo_extract"]


def test_a_workflow_that_outlives_its_deadline_with_nothing_to_take_back_is_timed_out():
    world = WorkflowWorld(
        {"steps": {"wait": task("wait"), "then": task("then", needs=["wait"])}, "timeout_seconds": 90}
    )
    world.named.takes["wait"] = 100
    top = world.fire()
    assert (top.state, top.reason) == (RunState.TIMED_OUT, "timed_out")
    assert world.named.called == ["wait"]


def test_a_repetition_goes_on_from_the_failed_step():
    world = WorkflowWorld(
        {"steps": {name: step | {"compensate": None} for name, step in ETL["steps"].items()}}
    )
    world.says |= {"extract": [ok({"rows": 5})], "load": [broken()]}
    assert world.fire().state is RunState.FAILED
    again = repeat(world)
    world.says["load"] = [ok()]
    world.settle()
    assert world.database.runs[again].state is RunState.SUCCEEDED
    assert world.named.called[4:] == ["load", "report"]
    assert (
        world.database.runs[RunId("etl", f"{again.run_key}.extract")]
        .events[-1]
        .message.startswith("taken over")
    )


def test_a_repetition_after_compensation_runs_what_was_taken_back_again():
    world = WorkflowWorld(ETL)
    world.says["load"] = [broken()]
    assert world.fire().state is RunState.COMPENSATED
    again = repeat(world)
    world.says["load"] = [ok()]
    del world.named.called[:]
    world.settle()
    assert world.database.runs[again].state is RunState.SUCCEEDED
    assert world.named.called == ["extract", "transform", "load", "report"]


def repeat(world):
    from carillon.domain.repetition import repeated

    row = repeated(world.top, 1, world.clock.now(), "ops")
    Enqueue(world.runs, world.queue, world.clock)(row)
    return row.run_id


def test_a_later_step_ends_later_even_where_clocks_differ():
    world = WorkflowWorld(ETL)
    world.says["transform"] = [lambda call: world.clock.advance(-5) or ok()]
    world.says["load"] = [broken()]
    assert world.fire().state is RunState.COMPENSATED
    assert world.row("extract").ended_at < world.row("transform").ended_at < world.row("load").ended_at
    assert world.named.called[-2:] == ["undo_transform", "undo_extract"]


def test_a_wide_layer_finishes_with_one_read_of_the_tree_for_each_step():
    width = 100
    steps = {"first": task("first")} | {f"w{n}": task(f"w{n}", needs=["first"]) for n in range(width)}
    world = WorkflowWorld({"steps": steps | {"last": task("last", needs=[f"w{n}" for n in range(width)])}})
    trees = []
    tree = world.runs.tree
    world.runs.tree = lambda top: trees.append(top) or tree(top)
    assert world.fire().state is RunState.SUCCEEDED
    assert len(trees) <= width + 4
    assert timedelta() < world.top.ended_at - world.top.started_at < MINUTE


@pytest.mark.parametrize("state", [RunState.COMPENSATING, RunState.CANCELLED, RunState.SUCCEEDED])
def test_a_step_that_its_workflow_no_longer_wants_never_calls_its_target(state):
    world = started(ETL, "extract")
    ended_at = world.clock.now() if state.is_terminal else None
    wake_at = None if state.is_terminal else world.top.wake_at
    world.database.runs[world.top_id] = replace(world.top, state=state, ended_at=ended_at, wake_at=wake_at)
    while world.queue.sent:
        world.work()
    row = world.row("transform")
    assert (row.state, row.reason) == (RunState.CANCELLED, "unwanted")
    assert "transform" not in world.named.called


def test_a_compensation_is_not_begun_for_a_workflow_that_is_not_compensating():
    world = WorkflowWorld(ETL)
    world.says["load"] = [broken()]
    world.tick.run(range(1))
    while "load" not in world.named.called:
        world.work()
    while "transform.undo-1" not in world.states():
        world.work()
    world.database.runs[world.top_id] = replace(
        world.top, state=RunState.COMPENSATED, ended_at=world.clock.now(), wake_at=None
    )
    world.work()
    assert world.row("transform", undo=1).state is RunState.CANCELLED
    assert "undo_transform" not in world.named.called
