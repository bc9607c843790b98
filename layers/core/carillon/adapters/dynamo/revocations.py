"""Revoked tokens, in the Guards table until they would have expired."""

from datetime import datetime

from carillon.adapters.dynamo.audit import write_audited
from carillon.adapters.dynamo.database import Database
from carillon.adapters.dynamo.expressions import Expression
from carillon.adapters.dynamo.wire import Row, Wire, expiry, moment, text
from carillon.domain.audit import AuditEntry
from carillon.domain.moments import to_ms


class DynamoRevocations:
    """Revocations over DynamoDB."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def revoke(self, token_id: str, until: datetime, audit: AuditEntry) -> None:
        """TransactWriteItems of the token's row and the audit row."""
        expression = Expression()
        update = expression.update({"until": moment(until), "expires_at": expiry(until)})
        row = {
            "Update": {
                "TableName": self._database.guards_table,
                "Key": _key(token_id),
                "UpdateExpression": update,
                **expression.arguments(),
            }
        }
        write_audited(self._database, row, audit)

    def is_revoked(self, token_id: str, now: datetime) -> bool:
        """GetItem, consistent."""
        item = self._database.get(self._database.guards_table, _key(token_id))
        return item is not None and Row(item, "A revoked token").whole("until") > to_ms(now)


def _key(token_id: str) -> Wire:
    return {"guard": text(f"revoked#{token_id}")}
