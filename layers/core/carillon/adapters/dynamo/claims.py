"""The claim as one transaction: every claim's run rows, put if absent, then its head, advanced if unchanged."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from carillon.adapters.dynamo.database import Cancelled, Database
from carillon.adapters.dynamo.expressions import Expression
from carillon.adapters.dynamo.head_item import claim_values, due_values, head_key, resumed_values
from carillon.adapters.dynamo.run_item import run_item
from carillon.adapters.dynamo.wire import Value, moment, text, whole
from carillon.domain.claim import Claim, ClaimFault, ClaimVerdict
from carillon.domain.run import Run
from carillon.domain.schedule import Schedule

_ABSENT: Final = Expression()
_IF_ABSENT: Final = {"ConditionExpression": _ABSENT.absent("run_key"), **_ABSENT.arguments()}


def commit_claims(database: Database, claims: Sequence[Claim]) -> Sequence[ClaimVerdict] | None:
    """Writes all claims (None) or nothing, with one verdict per claim."""
    try:
        database.transact([action for claim in claims for action in _actions(database, claim)])
    except Cancelled as cancelled:
        cancelled.raise_if_refused()
        return list(_verdicts(claims, cancelled))
    return None


def put_run_action(database: Database, run: Run) -> dict[str, Any]:
    """The action of a transaction that puts a run's row if it is absent."""
    item = run_item(run, database.shards, database.kept)
    return {"Put": {"TableName": database.runs_table, "Item": item, **_IF_ABSENT}}


def head_unchanged(expression: Expression, head: Schedule) -> str:
    """The condition that a head is still the one that was read, as far as claims and edits can tell."""
    next_fire_at = moment(head.next_fire_at) if head.next_fire_at is not None else None
    return " AND ".join(
        (
            expression.same("next_fire_at", next_fire_at),
            expression.same("generation", whole(head.generation)),
            expression.same("head_version", whole(head.head_version)),
        )
    )


def _actions(database: Database, claim: Claim) -> Iterator[dict[str, Any]]:
    for run in claim.runs:
        yield put_run_action(database, run)
    expression = Expression()
    condition = head_unchanged(expression, claim.schedule)
    schedule_id = claim.schedule.schedule_id
    changes: dict[str, Value | None] = {
        "next_fire_at": moment(claim.next_fire_at) if claim.next_fire_at is not None else None,
        "state": text(claim.state.value),
        **due_values(schedule_id, claim.due_at, database.shards),
        **claim_values(claim.fires_left, claim.skip_next, claim.state_reason),
        **resumed_values(claim.resumed_at),
    }
    yield {
        "Update": {
            "TableName": database.schedules_table,
            "Key": head_key(schedule_id),
            "UpdateExpression": expression.update(changes),
            "ConditionExpression": condition,
            **expression.arguments(),
        }
    }


def _verdicts(claims: Sequence[Claim], cancelled: Cancelled) -> Iterator[ClaimVerdict]:
    first = 0
    for claim in claims:
        yield _verdict(claim, cancelled, first)
        first += claim.actions


def _verdict(claim: Claim, cancelled: Cancelled, first: int) -> ClaimVerdict:
    existing = frozenset(run.run_id for i, run in enumerate(claim.runs) if cancelled.failed(first + i))
    if cancelled.failed(first + len(claim.runs)):
        return ClaimVerdict(ClaimFault.LOST, existing)
    if any(cancelled.busy(first + i) for i in range(claim.actions)):
        return ClaimVerdict(ClaimFault.CONFLICT, existing)
    return ClaimVerdict(ClaimFault.EXISTS if existing else ClaimFault.NONE, existing)
