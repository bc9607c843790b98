"""A run's trace over its whole life: one id for every message, attempt, line of log and step, whoever dies between."""

from dataclasses import replace
from datetime import timedelta

import pytest

from carillon.domain.outcome import retryable
from carillon.domain.run import RunState
from carillon.domain.run_change import RunChange
from carillon.domain.schedule import After, ChainOn, TimetableSpec
from carillon.domain.trace import Trace, read_trace
from carillon.services.chain_runs import ChainRuns
from carillon.services.enqueue import Enqueue
from tests.fakes.life import ADMIN, Life
from tests.fakes.world import World
from tests.unit.services.workflows import WorkflowWorld, ok, task

GIVEN = Trace("4bf92f3577b34da6a3ce929d0e0e4736", is_sampled=False, state="rojo=00f067aa0ba902b7")


class Killed(BaseException):
    """The worker's end in the middle of a call."""


def traces(texts):
    return {read_trace(text).trace_id for text in texts}


def spans(texts):
    return {text.split("-")[2] for text in texts}


@pytest.fixture
def life():
    return Life()


def test_what_the_tick_sends_is_what_the_target_is_called_with(life):
    life.begin()
    (call,) = life.target.calls
    assert call.traceparent == life.row.traceparent(1)
    assert (call.tracestate, life.row.given_trace) == (None, None)
    (line,) = [line for line in life.lines if line["action"] == "attempt_finished"]
    assert call.traceparent == f"00-{line['trace_id']}-{line['span_id']}-01"


def test_each_attempt_is_a_span_of_its_own_in_one_trace(life):
    life.target.answers = [retryable("http_503", "down"), retryable("http_503", "down")]
    life.begin()
    life.work_on()
    life.work_on()
    texts = [call.traceparent for call in life.target.calls]
    assert (len(traces(texts)), len(spans(texts))) == (1, 3)
    assert life.row.state is RunState.SUCCEEDED


def test_a_wake_up_that_the_sweep_sends_again_is_of_the_same_trace(life):
    life.tick_once()
    first = life.queue.sent.pop(0)
    life.clock.advance(61)
    life.tick_once()
    (again,) = life.queue.sent
    assert again.dispatch.traceparent == first.dispatch.traceparent
    life.work()
    assert life.target.calls[0].traceparent == first.dispatch.traceparent


def test_the_attempt_after_a_lost_one_is_of_the_same_trace(life):
    def die(call):
        raise Killed

    life.target.answers = [die]
    life.tick_once()
    with pytest.raises(Killed):
        life.work()
    life.clock.advance(3600)
    life.tick_once()
    life.work_on()
    first, second = (call.traceparent for call in life.target.calls)
    assert (len(traces([first, second])), len(spans([first, second]))) == (1, 2)


def test_two_fire_times_are_two_traces():
    world = World()
    world.add()
    world.tick.run(range(1))
    texts = [sent.dispatch.traceparent for sent in world.queue.sent]
    assert len(traces(texts)) == len(texts) > 1


def test_a_run_that_was_asked_for_is_of_the_askers_trace(life):
    life.begin()
    again = life.retry_run(ADMIN, life.run_id, GIVEN)
    life.work()
    call = life.target.calls[-1]
    assert call.traceparent == f"00-{GIVEN.trace_id}-{again.span_id(1)}-00"
    assert call.tracestate == GIVEN.state
    assert call.run_id == str(again.run_id)
    assert life.row.trace != GIVEN


def test_steps_items_and_compensations_are_of_their_workflows_trace():
    world = WorkflowWorld(
        {
            "steps": {
                "list": task("list", compensate={"target": task("unlist")["target"]}),
                "each": {**task("each"), "needs": ["list"], "for_each": "steps.list.output"},
                "last": {**task("last"), "needs": ["each"], "retry": {"max_attempts": 1}},
            }
        }
    )
    seen = []
    execute = world.target.execute
    world.target.execute = lambda call: (seen.append(call.traceparent), execute(call))[1]
    world.says |= {"list": [ok([1, 2])], "last": [retryable("http_500", "no")]}
    world.database.runs.clear()
    world.tick.run(range(1))
    top = world.top
    world.database.runs[world.top_id] = replace(top, given_trace=GIVEN)
    world.settle()
    assert world.top.state is RunState.COMPENSATED
    assert len(spans(seen)) == len(seen) == 5
    assert traces(seen) == {GIVEN.trace_id}
    assert {run.trace for run in world.database.runs.values()} == {GIVEN}


def test_a_run_that_follows_another_is_of_its_trace():
    world = World()
    world.add()
    chained = TimetableSpec("", after=After("etl", ChainOn.SUCCESS))
    world.add("report", timetable=chained, next_fire_at=None, due_at=None)
    world.tick.run(range(1))
    world.work()
    first = next(run for run in world.database.runs.values() if run.state.is_terminal)
    world.queue.sent.clear()
    chain = ChainRuns(world.schedules, Enqueue(world.runs, world.queue, world.clock), world.clock, world.log)
    chain(RunChange("1", "1", replace(first, state=RunState.RUNNING, ended_at=None), first))
    world.work()
    before, after = (call.traceparent for call in world.target.calls)
    assert (len(traces([before, after])), len(spans([before, after]))) == (1, 2)


def test_every_line_about_a_run_says_which_its_schedule_and_its_trace(life):
    life.target.answers = [retryable("http_503", "down"), retryable("http_503", "down")]
    life.begin()
    life.clock.advance(timedelta(hours=1).total_seconds())
    life.tick_once()
    for sent in life.queue.sent:
        life.take_in("m-1", sent.body)
    life.take_in("m-2", life.queue.sent[0].body.replace("20261122T020000Z", "20261122T020001Z"))
    about = [line for line in life.lines if "task_id" in line]
    assert {line["action"] for line in about} >= {
        "attempt_finished",
        "message_undeliverable",
        "dead_letter_noted",
    }
    assert {line["trace_id"] for line in about} == {life.row.trace.trace_id}
    assert {line["schedule_id"] for line in about} == {"etl"}
