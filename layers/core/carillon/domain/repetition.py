"""Whether an ended run may be run again by hand, and the row that does it: a new one, linked to the old."""

from dataclasses import replace
from datetime import datetime

from carillon.domain.errors import RunNotRepeatable, RunUnfinished
from carillon.domain.new_run import queued
from carillon.domain.run import Origin, Run, RunState
from carillon.domain.schedule import Schedule


def check_repeatable(run: Run, head: Schedule) -> None:
    """RunUnfinished or RunNotRepeatable, with what would be right."""
    if not run.state.is_terminal:
        remedy = "wait for its end" if run.state is RunState.COMPENSATING else "wait for its end or cancel it"
        raise RunUnfinished(f"The run is {run.state}; {remedy} before running it again.")
    if run.skipped_count is not None:
        raise RunNotRepeatable("This row stands for many fire times; run the schedule now, or backfill them.")
    if "." in run.run_id.run_key:
        raise RunNotRepeatable("This is a step of a workflow; run its whole workflow again.")
    if run.generation != head.generation:
        raise RunNotRepeatable("The schedule was deleted and made anew since; run the new one instead.")


def repeated(run: Run, number: int, now: datetime, by: str) -> Run:
    """The queued row of a run by hand: the old fire time and, by its id, payload; the schedule's job as it is now."""
    again = queued(
        run.run_id.repetition(number),
        run.generation,
        Origin.MANUAL,
        fire_at=run.fire_at,
        not_before=now,
        now=now,
        message=f"run again by {by}, after {run.run_id} ended {run.state}",
    )
    return replace(again, retry_of=run.run_id)
