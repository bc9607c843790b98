"""The Access table over DynamoDB: users, each saved together with the audit row that tells who changed it."""

from typing import Any

from carillon.adapters.dynamo.audit import audit_action
from carillon.adapters.dynamo.database import Cancelled, Database
from carillon.adapters.dynamo.expressions import Expression
from carillon.adapters.dynamo.wire import Row, Wire, moment, packed, text, whole
from carillon.domain.access import User
from carillon.domain.audit import AuditEntry
from carillon.domain.errors import LostRace


class DynamoAccess:
    """AccessStore over DynamoDB."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def user(self, name: str) -> User | None:
        """GetItem, consistent; MalformedRow."""
        item = self._database.get(self._database.access_table, _user_key(name))
        return _read_user(item, name) if item is not None else None

    def save_user(self, user: User, audit: AuditEntry, *, replaces: int | None) -> None:
        """TransactWriteItems of the user, if its version is as read, and the audit row; LostRace."""
        try:
            self._database.transact([self._user_action(user, replaces), audit_action(self._database, audit)])
        except Cancelled as cancelled:
            if cancelled.failed(1):
                return  # The audit row is there: this very save was done, and its answer was lost.
            if cancelled.failed(0):
                raise LostRace(f"User {user.name} was changed meanwhile.") from None
            cancelled.raise_unless_conditions()

    def _user_action(self, user: User, replaces: int | None) -> dict[str, Any]:
        expression = Expression()
        # An absent version is an absent row: every user has one.
        condition = expression.same("version", whole(replaces) if replaces is not None else None)
        return {
            "Put": {
                "TableName": self._database.access_table,
                "Item": _user_item(user),
                "ConditionExpression": condition,
                **expression.arguments(),
            }
        }


def _user_key(name: str) -> Wire:
    return {"kind": text("user"), "id": text(name)}


def _user_item(user: User) -> Wire:
    return _user_key(user.name) | {
        "password_hash": text(user.password_hash),
        "roles": packed(list(user.roles)),
        "enabled": {"BOOL": user.enabled},
        "tokens_valid_from": moment(user.tokens_valid_from),
        "created_at": moment(user.created_at),
        "version": whole(user.version),
    }


def _read_user(item: Wire, name: str) -> User:
    row = Row(item, f"User {name}")
    roles = row.texts("roles")
    return User(
        name=name,
        password_hash=row.text("password_hash"),
        roles=roles,
        enabled=row.flag("enabled"),
        tokens_valid_from=row.moment("tokens_valid_from"),
        created_at=row.moment("created_at"),
        version=row.whole("version"),
    )
