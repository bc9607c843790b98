"""An operator's write as one transaction, and the mark on a head that nobody can read."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from carillon.adapters.dynamo.audit import audit_action
from carillon.adapters.dynamo.claims import head_unchanged, put_run_action
from carillon.adapters.dynamo.database import Cancelled, ConditionFailed, Database
from carillon.adapters.dynamo.expressions import Expression
from carillon.adapters.dynamo.head_item import head_item, head_key, read_head
from carillon.adapters.dynamo.revision_item import revision_item
from carillon.adapters.dynamo.wire import Value, Wire, moment, text
from carillon.domain.errors import LostRace, MalformedRow, ScheduleExists
from carillon.domain.job import Revision
from carillon.domain.run_id import RunId
from carillon.domain.schedule import Schedule, ScheduleState
from carillon.ports.schedules import BrokenRow, Change

_MAX_REASON: Final = 400


def write_change(database: Database, change: Change) -> frozenset[RunId] | None:
    """Writes head, audit, revision and runs together; ids of the runs that stood in the way, or None when written."""
    actions = [_head_action(database, change.before, change.after), audit_action(database, change.audit)]
    if change.revision is not None:
        actions.append(_revision_action(database, change.revision))
    runs_from = len(actions)
    actions += [put_run_action(database, run) for run in change.runs]
    actions += _chain_actions(database, change)
    try:
        database.transact(actions)
    except Cancelled as cancelled:
        return _outcome(change, cancelled, runs_from)
    return None


def _chain_actions(database: Database, change: Change) -> list[dict[str, Any]]:
    # Never removed: whoever reads it looks at the follower's head, which says what holds.
    after = change.after.timetable.after
    if after is None or (change.before is not None and change.before.timetable.after == after):
        return []
    item = follower_partition(after.schedule_id) | {"part": text(change.after.schedule_id)}
    return [{"Put": {"TableName": database.schedules_table, "Item": item}}]


def follower_partition(schedule_id: str) -> Wire:
    """The key under which the schedules stand that run after this one."""
    return {"schedule_id": text(f"after#{schedule_id}")}


def _outcome(change: Change, cancelled: Cancelled, runs_from: int) -> frozenset[RunId] | None:
    if cancelled.failed(1):
        return None  # The audit row is there: this very change was written, and its answer was lost.
    if cancelled.failed(0):
        if change.before is None:
            raise ScheduleExists(f"There is a schedule {change.after.schedule_id} already.")
        raise LostRace(f"Schedule {change.after.schedule_id} was changed meanwhile.")
    if any(cancelled.failed(index) for index in range(2, runs_from)):
        raise LostRace(f"Schedule {change.after.schedule_id} has a revision of this number already.")
    cancelled.raise_unless_conditions()
    return frozenset(run.run_id for i, run in enumerate(change.runs) if cancelled.failed(runs_from + i))


def _head_action(database: Database, before: Schedule | None, after: Schedule) -> dict[str, Any]:
    expression = Expression()
    condition = expression.absent("part") if before is None else head_unchanged(expression, before)
    return _put(database, head_item(after, database.shards), condition, expression)


def _revision_action(database: Database, revision: Revision) -> dict[str, Any]:
    expression = Expression()
    item = database.sealing.rows.signed(revision_item(revision))
    return _put(database, item, expression.absent("part"), expression)


def _put(database: Database, item: Wire, condition: str, expression: Expression) -> dict[str, Any]:
    return {
        "Put": {
            "TableName": database.schedules_table,
            "Item": item,
            "ConditionExpression": condition,
            **expression.arguments(),
        }
    }


def mark_head_broken(database: Database, row: BrokenRow, now: datetime) -> None:
    """Takes the head out of the due index, unless it can be read by now or has another due_at."""
    item = database.get(database.schedules_table, head_key(row.schedule_id))
    if item is None or not _still_broken(item, row):
        return
    expression = Expression()
    # Compared as stored, whatever their types are: what is wrong may be one of these.
    condition = " AND ".join(expression.same(name, item.get(name)) for name in ("due_at", "head_version"))
    changes: dict[str, Value | None] = {
        "state": text(ScheduleState.BROKEN.value),
        "state_reason": text(row.reason[:_MAX_REASON]),
        "updated_at": moment(now),
        "due_at": None,
        "due_shard": None,
    }
    try:
        database.call(
            "update_item",
            TableName=database.schedules_table,
            Key=head_key(row.schedule_id),
            UpdateExpression=expression.update(changes),
            ConditionExpression=condition,
            **expression.arguments(),
        )
    except ConditionFailed:
        return  # An operator has changed it since it was read.


def due_at_ms(item: Mapping[str, Mapping[str, Any]]) -> int:
    """The due index's key as stored; 0 where it is no number, which then is long overdue."""
    try:
        return int(float(item["due_at"]["N"]))
    except (KeyError, ValueError, OverflowError):
        return 0


def _still_broken(item: Wire, row: BrokenRow) -> bool:
    if "due_at" not in item or due_at_ms(item) != row.due_at_ms:
        return False
    try:
        read_head(item)
    except MalformedRow:
        return True
    return False
