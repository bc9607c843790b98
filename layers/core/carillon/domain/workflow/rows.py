"""The rows a workflow makes and moves: its own start, steps, items, skipped steps, compensations.

A row is made no earlier than what it needed had ended by its own clock's account, so that ends come in the order of
the needs even where clocks differ.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from carillon.domain.job import Job
from carillon.domain.lifecycle import advance, start
from carillon.domain.new_run import queued, skipped
from carillon.domain.run import EventKind, Origin, Run
from carillon.domain.workflow.advance import Skip
from carillon.domain.workflow.step_key import StepKey

LOOK_AFTER: Final = timedelta(seconds=60)
"""When the sweep first looks at a workflow whose steps should have moved it on by themselves."""

_MILLISECOND: Final = timedelta(milliseconds=1)


def begin(run: Run, job: Job, now: datetime, claim_id: str, revision: int) -> Run:
    """A workflow runs: no lease, since no attempt of its own; a deadline over everything."""
    message = f"the workflow starts with {len(job.tasks)} steps"
    deadline_at = now + timedelta(seconds=job.timeout_seconds)
    return _without_lease(run, now, claim_id, revision, message, deadline_at=deadline_at)


def begin_items(run: Run, count: int, now: datetime, claim_id: str) -> Run:
    """A for_each step runs: its items do the work."""
    message = f"runs once for each of {count} elements"
    return _without_lease(run, now, claim_id, run.revision or 0, message, item_count=count)


def _without_lease(
    run: Run, now: datetime, claim_id: str, revision: int, message: str, **changes: object
) -> Run:
    begun = start(run, now, claim_id=claim_id, lease_until=now, revision=revision)
    events = (*run.events, replace(begun.events[-1], message=message))
    return replace(begun, lease_until=None, wake_at=now + LOOK_AFTER, sends=0, events=events, **changes)  # type: ignore[arg-type]


def step_row(
    top: Run, key: StepKey, origin: Origin, now: datetime, needed: Iterable[Run], message: str
) -> Run:
    """A queued row below the top, made after everything that it needed had ended."""
    row = queued(
        key.under(top.run_id),
        top.generation,
        origin,
        fire_at=top.fire_at,
        not_before=now,
        now=after(now, needed),
        message=message,
    )
    return replace(row, revision=top.revision, given_trace=top.trace)


def skipped_row(top: Run, skip: Skip, now: datetime, needed: Iterable[Run]) -> Run:
    """The row of a step that will not run."""
    row = skipped(
        StepKey(skip.step).under(top.run_id),
        top.generation,
        fire_at=top.fire_at,
        now=after(now, needed),
        reason=skip.reason,
        message=skip.message,
    )
    return replace(row, origin=Origin.STEP, revision=top.revision, given_trace=top.trace)


def after(now: datetime, needed: Iterable[Run]) -> datetime:
    """The clock's time, or one millisecond after the last end among the needed rows if that is later."""
    return max([now, *(row.ended_at + _MILLISECOND for row in needed if row.ended_at is not None)])


def compensating(run: Run, now: datetime, claim_id: str, message: str, reason: str) -> Run:
    """The run begins to take its effects back; its first compensation is started by whoever writes this."""
    return advance(
        run,
        EventKind.COMPENSATE,
        now,
        message,
        wake_at=now + LOOK_AFTER,
        lease_until=None,
        sends=0,
        ended_at=None,
        reason=reason,
        claim_id=claim_id,
    )


def ended(run: Run, kind: EventKind, now: datetime, claim_id: str, message: str, reason: str | None) -> Run:
    """A workflow, a for_each step or a compensating run ends."""
    duration_ms = run.elapsed_ms(now)
    return advance(run, kind, now, message, duration_ms=duration_ms, reason=reason, claim_id=claim_id)
