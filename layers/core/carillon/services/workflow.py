"""The services of workflows over a stack's ports, built in one place for every function that ends runs."""

from dataclasses import dataclass

from carillon.ports.dispatch import DispatchQueue
from carillon.ports.runs import OutputStore, RunStore
from carillon.ports.schedules import ScheduleStore
from carillon.ports.world import Chance, Clock, Concurrently, Log
from carillon.services.advance_workflow import AdvanceWorkflow
from carillon.services.begin_workflow import BeginWorkflow
from carillon.services.enqueue import Enqueue
from carillon.services.jobs import Jobs
from carillon.services.keep_output import KeepOutput
from carillon.services.step_inputs import StepInputs
from carillon.services.take_over import TakeOver


@dataclass(frozen=True, slots=True)
class Steps:
    """What the worker asks before an attempt, what it gives to a target, and where it keeps the answer."""

    jobs: Jobs
    begin: BeginWorkflow
    inputs: StepInputs
    keep_output: KeepOutput


def build_advance(
    schedules: ScheduleStore,
    runs: RunStore,
    outputs: OutputStore,
    queue: DispatchQueue,
    clock: Clock,
    chance: Chance,
    log: Log,
    concurrently: Concurrently = map,
) -> AdvanceWorkflow:
    """What moves a workflow on."""
    enqueue = Enqueue(runs, queue, clock, concurrently)
    return AdvanceWorkflow(runs, outputs, Jobs(schedules), enqueue, clock, chance, log)


def build_steps(
    schedules: ScheduleStore,
    runs: RunStore,
    outputs: OutputStore,
    queue: DispatchQueue,
    clock: Clock,
    chance: Chance,
    concurrently: Concurrently = map,
) -> Steps:
    """What the worker needs around the attempts of steps."""
    jobs, inputs = Jobs(schedules), StepInputs(runs, outputs)
    take_over = TakeOver(runs, outputs, jobs, Enqueue(runs, queue, clock, concurrently), clock)
    begin = BeginWorkflow(runs, outputs, jobs, inputs, take_over, clock, chance)
    return Steps(jobs, begin, inputs, KeepOutput(outputs, clock))
