"""Audit rows, which are only ever put, and only inside the transaction that does what they tell.

The entry's id is unguessable and used once. So when an audit row is there already, the transaction that holds it was
applied: its answer was lost, and this is the SDK's repeat. That holds where no request token is remembered any more.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from carillon.adapters.dynamo.database import Cancelled, Database
from carillon.adapters.dynamo.expressions import Expression
from carillon.adapters.dynamo.wire import Row, Wire, packed, shard_of, text
from carillon.domain.audit import DONE, AuditEntry
from carillon.domain.audit_archive import AuditRecord
from carillon.domain.audit_query import audit_document, moment_id
from carillon.domain.errors import MalformedRow


def audit_action(database: Database, entry: AuditEntry) -> dict[str, Any]:
    """The action of a transaction that appends the entry."""
    expression = Expression()
    condition = expression.absent("moment_id")
    item = audit_item(entry, database.shards)
    return {
        "Put": {
            "TableName": database.audit_table,
            "Item": item,
            "ConditionExpression": condition,
            **expression.arguments(),
        }
    }


def write_audited(database: Database, action: Mapping[str, Any], entry: AuditEntry) -> bool:
    """Does the action and appends the entry, both or neither; False where the action's own condition failed."""
    try:
        database.transact([action, audit_action(database, entry)])
    except Cancelled as cancelled:
        if cancelled.failed(1):
            return True
        cancelled.raise_unless_conditions()
        return False
    return True


def audit_item(entry: AuditEntry, shards: int) -> Wire:
    """The row, in its day's shard and in the order of time."""
    item: Wire = {
        "day_shard": text(f"{entry.at:%Y%m%d}#{shard_of(entry.entry_id, shards)}"),
        "moment_id": text(moment_id(entry)),
        "actor": text(entry.actor),
        "action": text(entry.action),
        "object": text(entry.object),
    }
    outcome = entry.outcome if entry.outcome != DONE else None
    texts = {
        "source": entry.source,
        "method": entry.method,
        "outcome": outcome,
        "confirmed_by": entry.confirmed_by,
    }
    item |= {name: text(value) for name, value in texts.items() if value}
    details = dict(entry.details) or None
    documents = {"before": entry.before, "after": entry.after, "details": details}
    return item | {name: packed(value) for name, value in documents.items() if value is not None}


def read_audit(item: Mapping[str, Mapping[str, Any]]) -> AuditEntry:
    """The entry of a row; MalformedRow."""
    row = Row(item, f"Audit row {item.get('moment_id', {}).get('S')}")
    place = row.text("moment_id")
    time, _, entry_id = place.partition("#")
    try:
        at = datetime.strptime(time, "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        raise row.fault("moment_id", "does not begin with a time") from None
    return AuditEntry(
        entry_id=entry_id,
        at=at,
        actor=row.text("actor"),
        action=row.text("action"),
        object=row.text("object"),
        source=row.maybe_text("source") or "",
        method=row.maybe_text("method") or "",
        outcome=row.maybe_text("outcome") or DONE,
        confirmed_by=row.maybe_text("confirmed_by"),
        before=row.mapping("before") if "before" in item else None,
        after=row.mapping("after") if "after" in item else None,
        details=row.mapping("details"),
    )


def audit_record(record: Mapping[str, Any]) -> AuditRecord:
    """What one record of the table's stream tells; a row that cannot be read is kept as it is."""
    detail = record["dynamodb"]
    image = detail["NewImage"]
    keys = {name: value["S"] for name, value in detail["Keys"].items()}
    try:
        document: Mapping[str, Any] = audit_document(read_audit(image))
    except MalformedRow as error:
        document = {"unreadable": str(error), "image": image}
    return AuditRecord(keys["day_shard"], str(detail["SequenceNumber"]), keys["moment_id"], document)


def is_audit(record: Mapping[str, Any]) -> bool:
    """Whether a stream's record is of the Audit table: no other has its keys."""
    return "day_shard" in record["dynamodb"]["Keys"]
