"""Users and roles as items of the Access table."""

from typing import Any

from carillon.adapters.dynamo.wire import Row, Wire, moment, packed, text, whole
from carillon.domain.access import ServiceKey, User, UserKind
from carillon.domain.moments import from_ms, to_ms
from carillon.domain.permission import Permission
from carillon.domain.rbac import Grant, Role
from carillon.domain.scope import Scope


def user_item(user: User) -> Wire:
    """A user's row."""
    return {
        "kind": text("user"),
        "id": text(user.name),
        "is": text(user.kind),
        "description": text(user.description),
        "password_hash": text(user.password_hash),
        "must_change_password": {"BOOL": user.must_change_password},
        "keys": packed({key.key_id: [key.digest, to_ms(key.created_at)] for key in user.keys}),
        "roles": packed(list(user.roles)),
        "enabled": {"BOOL": user.enabled},
        "tokens_valid_from": moment(user.tokens_valid_from),
        "created_at": moment(user.created_at),
        "version": whole(user.version),
    }


def read_user(item: Wire) -> User:
    """The user of a row; MalformedRow."""
    row = Row(item, f"User {item.get('id', {}).get('S')}")
    try:
        kind = UserKind(row.text("is"))
    except ValueError:
        raise row.fault("is", "is no kind of user") from None
    return User(
        name=row.text("id"),
        kind=kind,
        description=row.text("description"),
        password_hash=row.text("password_hash"),
        must_change_password=row.flag("must_change_password"),
        keys=_keys(row),
        roles=row.texts("roles"),
        enabled=row.flag("enabled"),
        tokens_valid_from=row.moment("tokens_valid_from"),
        created_at=row.moment("created_at"),
        version=row.whole("version"),
    )


def _keys(row: Row) -> tuple[ServiceKey, ...]:
    try:
        return tuple(
            ServiceKey(key_id, str(digest), from_ms(created))
            for key_id, (digest, created) in row.mapping("keys").items()
        )
    except (ValueError, TypeError, OverflowError):
        raise row.fault("keys", "does not hold keys") from None


def role_item(role: Role) -> Wire:
    """A role's row; built-in roles have none."""
    item: Wire = {
        "kind": text("role"),
        "id": text(role.name),
        "description": text(role.description),
        "grants": packed([str(grant.permission) + " " + str(grant.scope) for grant in role.grants]),
        "inherits": packed(list(role.inherits)),
        "version": whole(role.version),
    }
    return item | ({"created_at": moment(role.created_at)} if role.created_at else {})


def read_role(item: Wire) -> Role:
    """The role of a row; MalformedRow."""
    row = Row(item, f"Role {item.get('id', {}).get('S')}")
    try:
        grants = tuple(_grant(each) for each in row.texts("grants"))
    except ValueError:
        raise row.fault("grants", "does not hold permissions and scopes") from None
    return Role(
        name=row.text("id"),
        description=row.text("description"),
        grants=grants,
        inherits=row.texts("inherits"),
        created_at=row.maybe_moment("created_at"),
        version=row.whole("version"),
    )


def _grant(each: Any) -> Grant:
    permission, _, scope = each.partition(" ")
    return Grant(Permission(permission), Scope.parse(scope))
