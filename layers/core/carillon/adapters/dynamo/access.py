"""The Access table over DynamoDB: users and roles, each saved together with the audit row that tells who changed it.

The names of the enabled admins are one row, changed in the transaction that makes or unmakes one: so two writers who
each take away the other's role cannot both succeed.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from carillon.adapters.dynamo.access_item import read_role, read_user, role_item, user_item
from carillon.adapters.dynamo.audit import audit_action
from carillon.adapters.dynamo.database import Cancelled, Database
from carillon.adapters.dynamo.expressions import Expression
from carillon.adapters.dynamo.wire import Value, Wire, text, whole
from carillon.domain.access import User
from carillon.domain.audit import AuditEntry
from carillon.domain.errors import LastAdmin, LostRace
from carillon.domain.rbac import Role
from carillon.ports.pages import Page

_ADMINS: Final[Wire] = {"kind": text("stack"), "id": text("admins")}


class DynamoAccess:
    """AccessStore over DynamoDB."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def user(self, name: str) -> User | None:
        """GetItem, consistent; MalformedRow."""
        item = self._database.get(self._database.access_table, _key("user", name))
        return read_user(item) if item is not None else None

    def users(self, limit: int, start: Mapping[str, Any] | None = None) -> Page[User]:
        """Query of the kind, consistent; MalformedRow."""
        items, last = self._page("user", limit, start)
        return Page(tuple(read_user(item) for item in items), last)

    def save_user(self, user: User, audit: AuditEntry, *, before: User | None) -> None:
        """TransactWriteItems of the user, if its version is as read, the audit row, and the admins."""
        put = self._put(user_item(user), before.version if before else None)
        was_admin = before is not None and before.is_admin
        self._write("User", user.name, put, audit, self._admins(user.name, was_admin, user.is_admin))

    def delete_user(self, user: User, audit: AuditEntry) -> None:
        """The same with the user's row deleted."""
        delete = self._delete("user", user.name, user.version)
        self._write("User", user.name, delete, audit, self._admins(user.name, user.is_admin, False))

    def roles(self, names: Sequence[str]) -> Sequence[Role]:
        """BatchGetItem, consistent; MalformedRow."""
        keys = [_key("role", name) for name in dict.fromkeys(names)]
        items = self._database.get_batch(self._database.access_table, keys, consistent=True)
        return [read_role(item) for item in items]

    def all_roles(self) -> Sequence[Role]:
        """Query of the kind, consistent; MalformedRow."""
        expression = Expression()
        pages = self._database.query(**self._of_kind("role", expression), **expression.arguments())
        return [read_role(item) for items, _ in pages for item in items]

    def save_role(self, role: Role, audit: AuditEntry, *, replaces: int | None) -> None:
        """TransactWriteItems of the role, if its version is as read, and the audit row; LostRace."""
        self._write("Role", role.name, self._put(role_item(role), replaces), audit, None)

    def delete_role(self, role: Role, audit: AuditEntry) -> None:
        """The same with the role's row deleted."""
        self._write("Role", role.name, self._delete("role", role.name, role.version), audit, None)

    def _write(
        self,
        what: str,
        name: str,
        action: Mapping[str, Any],
        audit: AuditEntry,
        admins: Mapping[str, Any] | None,
    ) -> None:
        actions = [action, audit_action(self._database, audit), *([admins] if admins else [])]
        try:
            self._database.transact(actions)
        except Cancelled as cancelled:
            if cancelled.failed(1):
                return  # The audit row is there: this very write was done, and its answer was lost.
            if cancelled.failed(0):
                raise LostRace(f"{what} {name} was changed meanwhile.") from None
            if cancelled.failed(2):
                raise LastAdmin from None
            cancelled.raise_unless_conditions()

    def _put(self, item: Wire, version: int | None) -> dict[str, Any]:
        expression = Expression()
        # An absent version is an absent row: every user and every role has one.
        condition = expression.same("version", None if version is None else whole(version))
        return {
            "Put": {
                "TableName": self._database.access_table,
                "Item": item,
                "ConditionExpression": condition,
                **expression.arguments(),
            }
        }

    def _delete(self, kind: str, name: str, version: int) -> dict[str, Any]:
        expression = Expression()
        condition = expression.same("version", whole(version))
        return {
            "Delete": {
                "TableName": self._database.access_table,
                "Key": _key(kind, name),
                "ConditionExpression": condition,
                **expression.arguments(),
            }
        }

    def _admins(self, name: str, was_admin: bool, is_admin: bool) -> dict[str, Any] | None:
        if was_admin == is_admin:
            return None
        expression = Expression()
        names = expression.name("names")
        own: Value = {"SS": [name]}
        if is_admin:
            changes = {"UpdateExpression": f"ADD {names} {expression.value(own)}"}
        else:
            changes = {
                "UpdateExpression": f"DELETE {names} {expression.value(own)}",
                "ConditionExpression": f"size({names}) > {expression.value(whole(1))}",
            }
        table = self._database.access_table
        return {"Update": {"TableName": table, "Key": _ADMINS, **changes, **expression.arguments()}}

    def _page(
        self, kind: str, limit: int, start: Mapping[str, Any] | None
    ) -> tuple[list[Wire], Mapping[str, Any] | None]:
        expression = Expression()
        arguments = {**self._of_kind(kind, expression), "Limit": limit, **expression.arguments()}
        begin = _key(kind, start["after"]) if start else None
        items, last = next(self._database.query(start=begin, **arguments))
        return items, {"after": last["id"]["S"]} if last else None

    def _of_kind(self, kind: str, expression: Expression) -> dict[str, Any]:
        return {
            "TableName": self._database.access_table,
            "KeyConditionExpression": expression.compare("kind", "=", text(kind)),
            "ConsistentRead": True,
        }


def _key(kind: str, name: str) -> Wire:
    return {"kind": text(kind), "id": text(name)}
