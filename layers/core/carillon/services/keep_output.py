"""Keeps what a step put out before its end is written, so that whoever sees the end can read the output."""

from carillon.domain.outcome import Outcome
from carillon.domain.run import Run
from carillon.domain.workflow.output import measured
from carillon.domain.workflow.tasks import BELOW
from carillon.ports.runs import OutputStore
from carillon.ports.world import Clock


class KeepOutput:
    """Only rows of workflows have readers; a plain run's answer stands in its story."""

    def __init__(self, outputs: OutputStore, clock: Clock) -> None:
        self._outputs = outputs
        self._clock = clock

    def __call__(self, run: Run, outcome: Outcome) -> tuple[Outcome, int | None]:
        """The outcome, a failure when the output is too large, and the size of what is kept."""
        if run.origin not in BELOW:
            return outcome, None
        outcome, size = measured(outcome)
        if size is not None:
            self._outputs.keep(run, outcome.output, self._clock.now())
        return outcome, size
