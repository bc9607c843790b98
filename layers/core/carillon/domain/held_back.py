"""Fire times that were claimed before a pause and did not run because of it: a resume may catch up on them too.

Their rows stay as they are; what runs after all is a repetition, linked to its row.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from carillon.domain.calendars import Exclusions
from carillon.domain.catch_up import paced
from carillon.domain.fire_times import JUST, newest
from carillon.domain.new_run import queued
from carillon.domain.plan import IN_PAUSE
from carillon.domain.run import Origin, Run, RunState
from carillon.domain.run_id import RunId
from carillon.domain.schedule import Schedule, ScheduleState


def looked_for(head: Schedule, now: datetime, count: int) -> tuple[RunId, ...]:
    """The newest `count` fire times of a pause that may be claimed, oldest first; InvalidExpression."""
    if head.state is not ScheduleState.PAUSED or head.timetable.after is not None:
        return ()
    first = head.active_since or head.created_at
    last = now if head.next_fire_at is None else min(now, head.next_fire_at - JUST)
    return tuple(
        RunId.of_fire_time(head.schedule_id, fire_at)
        for fire_at in newest(head.timetable, first + JUST, last, count)
    )


def is_held_back(run: Run, head: Schedule, exclusions: Exclusions) -> bool:
    """Whether the pause alone has kept this run from running, or surely will when its wake-up comes."""
    if run.generation != head.generation or run.origin is not Origin.FIRE or run.attempt:
        return False
    if exclusions.calendar_of(run.fire_at) is not None:
        return False
    return run.state is RunState.QUEUED or (run.state is RunState.SKIPPED and run.reason == IN_PAUSE.reason)


def caught_up(runs: Sequence[Run], now: datetime) -> tuple[Run, ...]:
    """The rows that run them after all, one after the other."""
    return tuple(_again(run, now, position) for position, run in enumerate(runs))


def _again(run: Run, now: datetime, position: int) -> Run:
    again = queued(
        run.run_id.repetition(1),
        run.generation,
        Origin.CATCH_UP,
        fire_at=run.fire_at,
        now=now,
        message=f"caught up on after the pause that kept {run.run_id} from running",
        not_before=paced(run.run_id.schedule_id, now, position),
    )
    return replace(again, retry_of=run.run_id)
