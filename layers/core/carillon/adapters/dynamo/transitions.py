"""One run's move: written only over the state, claim and attempt that were read, as what differs and nothing more.

Fields that both sides agree on are not written, so that a wake_at which the sweep moved meanwhile stays. The events
that are new are appended, unless the bounded list wrapped and is written anew.
"""

from typing import Any

from carillon.adapters.dynamo.audit import write_audited
from carillon.adapters.dynamo.database import ConditionFailed, Database
from carillon.adapters.dynamo.expressions import Expression
from carillon.adapters.dynamo.run_item import event_value, read_run, run_item, run_key
from carillon.adapters.dynamo.wire import Value, Wire, moment, text, whole
from carillon.domain.audit import AuditEntry
from carillon.domain.errors import LostRace, MalformedRow
from carillon.domain.run import Run


def write_transition(database: Database, before: Run, after: Run, *, held_wake: bool) -> Run:
    """The row as written; LostRace when somebody else moved it first."""
    arguments = _update(database, before, after, held_wake=held_wake)
    try:
        answer = database.call("update_item", **arguments)
    except ConditionFailed as failed:
        return _resolve(failed, after, held_wake=held_wake)
    return read_run(answer["Attributes"])


def write_transition_with(
    database: Database, before: Run, after: Run, audit: AuditEntry, *, held_wake: bool
) -> None:
    """The same move together with an audit entry; LostRace."""
    arguments = _update(database, before, after, held_wake=held_wake)
    del arguments["ReturnValues"], arguments["ReturnValuesOnConditionCheckFailure"]
    if not write_audited(database, {"Update": arguments}, audit):
        raise LostRace(f"Run {after.run_id} has moved and did not become {after.state}.")


def is_own_write(item: Wire, after: Run, *, held_wake: bool = False) -> bool:
    """Whether a row in the way was written by the same call, whose answer was lost and which the SDK repeated.

    An equal claim_id is not enough: it must be in the state and attempt of this write, or a worker would take the row
    it has lost to the sweep for its own. Where wake_at was part of the condition, it must be this write's too; it
    alone tells the sweep's push of a row that nobody has claimed yet.
    """
    try:
        found = read_run(item)
    except MalformedRow:
        return False
    if (found.claim_id, found.state, found.attempt) != (after.claim_id, after.state, after.attempt):
        return False
    if not held_wake:
        return found.claim_id is not None
    return item.get("wake_at") == (moment(after.wake_at) if after.wake_at is not None else None)


def _resolve(failed: ConditionFailed, after: Run, *, held_wake: bool) -> Run:
    if failed.item is not None and is_own_write(failed.item, after, held_wake=held_wake):
        return read_run(failed.item)
    found = "gone" if failed.item is None else failed.item.get("state", {}).get("S")
    raise LostRace(f"Run {after.run_id} is {found} and did not become {after.state}.")


def _update(database: Database, before: Run, after: Run, *, held_wake: bool) -> dict[str, Any]:
    old, new = (run_item(run, database.shards, database.kept) for run in (before, after))
    changes = {name: new.get(name) for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    # The state is written even where it stays, so that no update is empty.
    changes["state"] = new["state"]
    expression = Expression()
    condition = _unchanged(expression, before, held_wake=held_wake)
    assignments = _events(expression, before, after, changes)
    return {
        "TableName": database.runs_table,
        "Key": run_key(before.run_id),
        "UpdateExpression": expression.update(changes, *assignments),
        "ConditionExpression": condition,
        "ReturnValues": "ALL_NEW",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        **expression.arguments(),
    }


def _unchanged(expression: Expression, before: Run, *, held_wake: bool) -> str:
    claim_id = text(before.claim_id) if before.claim_id is not None else None
    terms = [
        expression.same("state", text(before.state.value)),
        expression.same("attempt", whole(before.attempt)),
        expression.same("claim_id", claim_id),
    ]
    if held_wake:
        wake_at = moment(before.wake_at) if before.wake_at is not None else None
        terms.append(expression.same("wake_at", wake_at))
    return " AND ".join(terms)


def _events(
    expression: Expression, before: Run, after: Run, changes: dict[str, Value | None]
) -> tuple[str, ...]:
    """The assignment that appends the new events, taking them out of the changes; none when they are written anew."""
    held = len(before.events)
    if "events" not in changes or not held or after.events[:held] != before.events:
        return ()
    del changes["events"]
    return (expression.append("events", [event_value(event) for event in after.events[held:]]),)
