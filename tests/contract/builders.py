"""Schedules, runs and audit entries with only what a test cares about."""

from datetime import UTC, datetime, timedelta
from itertools import count

from carillon.domain.audit import AuditEntry
from carillon.domain.claim import Claim
from carillon.domain.job import Job, Revision
from carillon.domain.run import Origin, Run, RunEvent, RunState
from carillon.domain.run_id import RunId
from carillon.domain.schedule import Schedule, ScheduleState, TimetableSpec
from carillon.ports.schedules import Change

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
_numbers = count(1)


def minutes(number):
    return timedelta(minutes=number)


def schedule(schedule_id="nightly-etl", **fields):
    fields = {"next_fire_at": NOW, "due_at": NOW, "created_at": NOW, "updated_at": NOW} | fields
    fields.setdefault("timetable", TimetableSpec("30 2 * * *"))
    return Schedule(schedule_id=schedule_id, **fields)


def run(schedule_id="nightly-etl", fire_at=NOW, **fields):
    """A queued run whose sweep comes a minute after its start."""
    fields = {"wake_at": fire_at + minutes(1)} | fields
    return Run(
        run_id=fields.pop("run_id", RunId.of_fire_time(schedule_id, fire_at)),
        generation=fields.pop("generation", 1),
        origin=fields.pop("origin", Origin.FIRE),
        state=fields.pop("state", RunState.QUEUED),
        fire_at=fire_at,
        not_before=fields.pop("not_before", fire_at),
        created_at=fields.pop("created_at", NOW - minutes(2)),
        **fields,
    )


def ended(schedule_id="nightly-etl", fire_at=NOW, state=RunState.FAILED, **fields):
    return run(schedule_id, fire_at, state=state, **{"wake_at": None, "ended_at": fire_at, **fields})


def event(message, at=NOW, status=RunState.QUEUED, attempt=0, duration_ms=None):
    return RunEvent(at, status, message, attempt, duration_ms)


def audit(**fields):
    fields = {"entry_id": f"entry{next(_numbers)}", "at": NOW, "actor": "user:ada", "action": "save"} | fields
    return AuditEntry(object=fields.pop("object", "schedule:nightly-etl"), **fields)


def revision(number=1, schedule_id="nightly-etl", **fields):
    job = Job({"kind": "http", "url": "https://example.com"}, 60)
    document = {"schedule_id": schedule_id, "description": "über"}
    return Revision(schedule_id, 1, number, document, job, 1_795_312_800_123, "user:ada", **fields)


def change(before, after, **fields):
    return Change(before, after, fields.pop("audit", None) or audit(), **fields)


def claim(head, *runs, **fields):
    next_fire_at = fields.pop("next_fire_at", NOW + minutes(1))
    return Claim(
        schedule=head,
        runs=tuple(runs),
        next_fire_at=next_fire_at,
        due_at=fields.pop("due_at", next_fire_at),
        state=fields.pop("state", ScheduleState.ACTIVE),
        **fields,
    )


def saved(stores, *heads):
    """Writes the heads as new schedules."""
    for head in heads:
        assert stores.schedules.write(change(None, head)) is None
    return heads[0] if len(heads) == 1 else heads


def put(stores, *runs):
    """Puts the rows."""
    for row in runs:
        assert stores.runs.put_if_absent(row)
    return runs[0] if len(runs) == 1 else runs
