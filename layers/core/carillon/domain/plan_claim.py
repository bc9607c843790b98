"""The claim that carries out a plan: its rows, the head's advance, and what is left of it when rows stand already."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from carillon.domain.claim import Claim
from carillon.domain.missed import missed_rows, skipped_rows
from carillon.domain.new_run import queued
from carillon.domain.plan import SKIP_NEXT, Plan, not_before
from carillon.domain.run import Origin, Run, RunState
from carillon.domain.run_id import RunId
from carillon.domain.schedule import Schedule, ScheduleState


def claim_of(plan: Plan, now: datetime) -> Claim:
    """The rows and the head's advance that carry out a plan."""
    schedule = plan.schedule
    return Claim(
        schedule=schedule,
        runs=(
            *missed_rows(schedule, plan.missed, now),
            *skipped_rows(schedule, plan.skipped, now),
            *(_queued_row(schedule, fire_at, now) for fire_at in plan.dispatch),
        ),
        next_fire_at=plan.next_fire_at,
        due_at=_due_at(schedule, plan.state, plan.next_fire_at),
        state=plan.state,
        state_reason=plan.reason,
        fires_left=plan.fires_left,
        skip_next=plan.skip_next,
        resumed_at=plan.resumed_at,
    )


def _due_at(schedule: Schedule, state: ScheduleState, next_fire_at: datetime | None) -> datetime | None:
    if state is ScheduleState.PAUSED:
        return schedule.paused_until
    return next_fire_at if state is ScheduleState.ACTIVE else None


def _queued_row(schedule: Schedule, fire_at: datetime, now: datetime) -> Run:
    return queued(
        RunId.of_fire_time(schedule.schedule_id, fire_at),
        schedule.generation,
        Origin.FIRE,
        fire_at=fire_at,
        now=now,
        message="claimed",
        not_before=not_before(schedule, fire_at),
    )


def after_claim(claim: Claim) -> Schedule:
    """The head as it stands once the claim is written."""
    head = replace(
        claim.schedule,
        next_fire_at=claim.next_fire_at,
        due_at=claim.due_at,
        state=claim.state,
        state_reason=claim.state_reason,
        fires_left=claim.fires_left,
        skip_next=claim.skip_next,
    )
    if claim.resumed_at is None:
        return head
    return replace(head, active_since=claim.resumed_at, paused_until=None)


def without_existing(claim: Claim, existing: Collection[RunId]) -> Claim:
    """The claim without rows that stand already: they were counted when they were made, before an edit perhaps."""
    made = [run for run in claim.runs if run.run_id in existing]
    kept = tuple(run for run in claim.runs if run.run_id not in existing)
    skips = sum(run.reason == SKIP_NEXT.reason for run in made)
    claim = replace(claim, runs=kept, skip_next=claim.skip_next + skips)
    fires = sum(run.state is RunState.QUEUED for run in made)
    if claim.fires_left is None or not fires:
        return claim
    claim = replace(claim, fires_left=claim.fires_left + fires)
    if claim.state is ScheduleState.ENDED and claim.next_fire_at is not None:
        active = ScheduleState.ACTIVE
        return replace(claim, state=active, state_reason=None, due_at=claim.next_fire_at)
    return claim
