"""The worlds that are searched whole with every safeguard in place: small ones always, large ones with `--full`."""

from tests.faults.model.protocol import Config, Protocol
from tests.faults.model.workflow import Config as WorkflowConfig
from tests.faults.model.workflow import Workflow

ALL_ACTS = ("pauses", "resumes", "edits", "deletes", "recreates")

SMALL = {
    "two ticks, split claims, three fire times": Config(
        timetables=((1, 2, 3),), ticks=2, workers=0, sweeps=False, split=True, lag=True, crashes=2
    ),
    "two ticks, an operator, a lagging index": Config(
        timetables=((1, 3), (1, 2, 3)), ticks=2, workers=0, sweeps=False, lag=True, operator_acts=2, acts=ALL_ACTS
    ),
    "one tick, three acts, split claims": Config(
        timetables=((1, 2), (2,)), workers=0, sweeps=False, split=True, operator_acts=3,
        acts=("pauses", "resumes", "edits"), crashes=1,
    ),
    "two workers, a duplicate": Config(timetables=((1,),), workers=2, duplicates=1),
    "two workers, one attempt, a crash, a lost answer": Config(
        timetables=((1,),), workers=2, attempts=1, crashes=1, lost=1
    ),
    "one worker, a crash, a lost answer, a drop, a failure": Config(
        timetables=((1,),), crashes=1, lost=1, drops=1, failures=1
    ),
    "a dead letter, a duplicate, a crash": Config(
        timetables=((1,),), attempts=1, poison=1, duplicates=1, crashes=1
    ),
    "pause, resume and edit around one run": Config(
        timetables=((1,),), attempts=1, operator_acts=3, acts=ALL_ACTS, lost=1
    ),
    "workflow: a failing step, a crash": WorkflowConfig(crashes=1, failures=1),
}  # fmt: skip

LARGE = {
    "two ticks, two workers, two fire times": Config(
        ticks=2, workers=2, sweeps=False, lag=True, lease_outlasts=("repeat", "call", "finish")
    ),
    "two ticks, two workers, a sweep, a crash": Config(timetables=((1,),), ticks=2, workers=2, crashes=1, split=True),
    "one fire time, delete and recreate, three acts": Config(
        timetables=((1,),), operator_acts=3, acts=ALL_ACTS, lost=1, crashes=1
    ),
    "two workers, three faults": Config(timetables=((1,),), workers=2, crashes=2, lost=1, duplicates=1),
    "two fire times, a crash": Config(workers=1, crashes=1, lag=True),
    "two workers, three acts": Config(timetables=((1,),), workers=2, operator_acts=3, acts=ALL_ACTS),
    "two fire times, two acts": Config(
        timetables=((1, 2), (2,)), operator_acts=2, acts=ALL_ACTS, sweeps=False,
        lease_outlasts=("repeat", "call", "finish"),
    ),
    "three fire times, two ticks, four acts": Config(
        timetables=((1, 3), (1, 2, 3)), ticks=2, workers=0, sweeps=False, lag=True,
        operator_acts=4, acts=ALL_ACTS, crashes=1,
    ),
    "workflow: two workers": WorkflowConfig(workers=2),
    "workflow: a failing step, skewed clocks": WorkflowConfig(failures=1, skew=True),
    "workflow: two workers, a failing step": WorkflowConfig(workers=2, failures=1),
    "workflow: two workers, a cancel": WorkflowConfig(workers=2, cancels=1),
    "workflow: a crash, a drop, a cancel": WorkflowConfig(crashes=1, drops=1, cancels=1, failures=1),
}  # fmt: skip


def model_of(world):
    """The model of a world."""
    return (Workflow if isinstance(world, WorkflowConfig) else Protocol)(world)
