"""The proof that runs of a schedule cannot overlap, so that none of them needs a slot: it is made when it is saved.

It compares the least distance of two fire times with the longest time that one of them can keep a row unfinished:
its jitter, its grace, every attempt with its lease and the sweep's look at it, and the pauses in between.
"""

from datetime import datetime, timedelta
from typing import Final

from carillon.domain.errors import InvalidInput
from carillon.domain.job import Job
from carillon.domain.overlap import capacity
from carillon.domain.retry import ceiling_seconds
from carillon.domain.schedule import CatchUp, Policies, TimetableSpec
from carillon.domain.smallest_gap import smallest_gap
from carillon.domain.targets.http_answers import MAX_RETRY_AFTER_SECONDS
from carillon.domain.timetable import Timetable

LOOK_SECONDS: Final = 180
"""What an attempt that was lost stays unfinished beyond its lease: the tick that should look, and one that failed."""

RESEND_SECONDS: Final = 900
"""What a retry may come later than its time: the longest pause before a lost wake-up is sent again."""


def cannot_overlap(
    spec: TimetableSpec, policies: Policies, job: Job, attempt_seconds: float, now: datetime
) -> bool:
    """Whether every run surely ends before the next fire time; `attempt_seconds` is the longest lease."""
    if policies.misfire.catch_up is not CatchUp.NONE or spec.also_at:
        return False
    if job.workflow is not None or job.compensate is not None:
        # Steps and compensations have retries of their own; nobody can say when the last of them has ended.
        return False
    try:
        timetable = Timetable.parse(
            spec.expression, spec.zone, gap=spec.gap, fold=spec.fold, anchor=spec.anchor or now
        )
        gap = smallest_gap(timetable, now)
    except InvalidInput:
        return False
    unfinished = spec.jitter_seconds + policies.misfire.grace_seconds + longest_seconds(job, attempt_seconds)
    return gap > timedelta(seconds=unfinished)


def needs_slot(
    spec: TimetableSpec, policies: Policies, job: Job, attempt_seconds: float, now: datetime
) -> bool:
    """Whether runs must take the slot: not where any number may run, nor where they cannot meet."""
    return capacity(policies) is not None and not cannot_overlap(spec, policies, job, attempt_seconds, now)


def longest_seconds(job: Job, attempt_seconds: float) -> float:
    """The longest time from a run's first start to its end."""
    waiting = job.wait.timeout_seconds + LOOK_SECONDS if job.wait else 0
    attempt = attempt_seconds + LOOK_SECONDS + waiting
    retry = job.retry
    if retry.max_attempts > 1 and retry.deadline_seconds is not None:
        return retry.deadline_seconds + attempt
    pauses = (max(ceiling_seconds(retry, n), MAX_RETRY_AFTER_SECONDS) for n in range(1, retry.max_attempts))
    return retry.max_attempts * attempt + sum(pause + RESEND_SECONDS for pause in pauses)
