"""Audit rows, which are only ever put, and only inside the transaction that does what they tell.

The entry's id is unguessable and used once. So when an audit row is there already, the transaction that holds it was
applied: its answer was lost, and this is the SDK's repeat. That holds where no request token is remembered any more.
"""

from typing import Any

from carillon.adapters.dynamo.database import Database
from carillon.adapters.dynamo.expressions import Expression
from carillon.adapters.dynamo.wire import Wire, packed, shard_of, text
from carillon.domain.audit import AuditEntry
from carillon.domain.moments import to_key, to_ms


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


def audit_item(entry: AuditEntry, shards: int) -> Wire:
    """The row, in its day's shard and in the order of time."""
    key = to_key(entry.at)
    item: Wire = {
        "day_shard": text(f"{key[:8]}#{shard_of(entry.entry_id, shards)}"),
        "moment_id": text(f"{key[:-1]}.{to_ms(entry.at) % 1000:03d}Z#{entry.entry_id}"),
        "actor": text(entry.actor),
        "action": text(entry.action),
        "object": text(entry.object),
    }
    texts = {"source": entry.source, "confirmed_by": entry.confirmed_by}
    item |= {name: text(value) for name, value in texts.items() if value}
    details = dict(entry.details) or None
    documents = {"before": entry.before, "after": entry.after, "details": details}
    return item | {name: packed(value) for name, value in documents.items() if value is not None}
