"""Second factors in the Access table, each saved together with the audit row that tells who changed it."""

from base64 import b64decode, b64encode

from carillon.adapters.dynamo.audit import write_audited
from carillon.adapters.dynamo.database import Database
from carillon.adapters.dynamo.expressions import Expression
from carillon.adapters.dynamo.wire import Row, Wire, moment, packed, text, whole
from carillon.domain.audit import AuditEntry
from carillon.domain.errors import LostRace
from carillon.domain.totp import Factor


class DynamoFactors:
    """FactorStore over DynamoDB."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def factor(self, name: str) -> Factor | None:
        """GetItem, consistent; MalformedRow."""
        item = self._database.get(self._database.access_table, _key(name))
        return None if item is None else _read(item)

    def save_factor(self, factor: Factor, audit: AuditEntry, *, replaces: int | None) -> None:
        """TransactWriteItems of the factor, if its version is as read, and the audit row; LostRace."""
        expression = Expression()
        condition = expression.same("version", None if replaces is None else whole(replaces))
        put = {
            "Put": {
                "TableName": self._database.access_table,
                "Item": _item(factor),
                "ConditionExpression": condition,
                **expression.arguments(),
            }
        }
        if not write_audited(self._database, put, audit):
            raise LostRace(f"The second factor of {factor.name} was changed meanwhile.")


def _item(factor: Factor) -> Wire:
    item: Wire = {
        **_key(factor.name),
        "seed": text(b64encode(factor.seed).decode()),
        "pending": text(b64encode(factor.pending).decode()),
        "recovery": packed(list(factor.recovery)),
        "version": whole(factor.version),
    }
    moments = {"activated_at": factor.activated_at, "pending_until": factor.pending_until}
    return item | {name: moment(value) for name, value in moments.items() if value is not None}


def _read(item: Wire) -> Factor:
    row = Row(item, f"Second factor of {item['id']['S']}")
    try:
        seed, pending = b64decode(row.text("seed")), b64decode(row.text("pending"))
    except ValueError:
        raise row.fault("seed", "is not in base64") from None
    return Factor(
        name=row.text("id"),
        seed=seed,
        activated_at=row.maybe_moment("activated_at"),
        pending=pending,
        pending_until=row.maybe_moment("pending_until"),
        recovery=row.texts("recovery"),
        version=row.whole("version"),
    )


def _key(name: str) -> Wire:
    return {"kind": text("totp"), "id": text(name)}
