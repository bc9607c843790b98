"""Chained schedules: which ends are followed, and the run that follows, whose id is made from the one it follows."""

from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Final

from carillon.domain.moments import to_key
from carillon.domain.new_run import queued, skipped
from carillon.domain.run import LISTED_AS_FAILED, Origin, Run, RunState
from carillon.domain.run_id import RunId
from carillon.domain.schedule import ChainOn, Schedule, ScheduleState
from carillon.domain.workflow.tasks import BELOW

MAX_CHAIN: Final = 50


def is_followed(run: Run, on: ChainOn) -> bool:
    """Whether a run's end is one that a chain waits for; a fire time that did not run has no end to follow."""
    if run.origin in BELOW or not run.state.is_terminal or run.state is RunState.SKIPPED:
        return False
    if on is ChainOn.SUCCESS:
        return run.state is RunState.SUCCEEDED
    return on is ChainOn.END or run.state in LISTED_AS_FAILED


def following_run(head: Schedule, run: Run, now: datetime) -> Run | None:
    """The follower's row for a run that ended, with that run's fire time; None when the follower does not follow it."""
    after = head.timetable.after
    if after is None or after.schedule_id != run.run_id.schedule_id or not is_followed(run, after.on):
        return None
    tail = sha256(str(run.run_id).encode()).hexdigest()[:16]
    run_id = RunId(head.schedule_id, f"{to_key(run.fire_at)}~after-{tail}")
    message = f"follows {run.run_id}, which ended {run.state}"
    if head.state is ScheduleState.ACTIVE:
        row = queued(
            run_id,
            head.generation,
            Origin.CHAIN,
            fire_at=run.fire_at,
            not_before=now,
            now=now,
            message=message,
        )
        return replace(row, given_trace=run.trace)
    if head.state is ScheduleState.PAUSED:
        row = skipped(
            run_id,
            head.generation,
            fire_at=run.fire_at,
            now=now,
            reason="paused",
            message=f"{message}; the schedule was paused",
        )
        return replace(row, origin=Origin.CHAIN, given_trace=run.trace)
    return None
