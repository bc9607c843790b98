"""Attacks on roles: doing what one may not, and getting more than one has."""

from tests.attacks.attack import attack, job
from tests.functions.api.world import MINIMAL

NO = "403 forbidden"


def create_user(victim, name, **document):
    return victim.by(name, "POST", "/v1/users", {"user": "mallory", **document})


def create_role(victim, name, *permissions, **document):
    return victim.by(
        name, "POST", "/v1/roles", {"role": "mine", "permissions": list(permissions), **document}
    )


def every(resource, scope="any"):
    return {"resource": resource, "actions": ["*"], "scope": scope}


def put_user(victim, by, name, *roles, **changes):
    document = {"roles": list(roles), "enabled": True, **changes}
    version = victim.database.users[name].version
    return victim.by(by, "PUT", f"/v1/users/{name}", document, headers={"if-match": f'"{version}"'})


@attack("RBAC-01", "reading schedules without any role", NO)
def _(victim):
    return victim.by("nina", "GET", "/v1/schedules")


@attack("RBAC-02", "creating a schedule as a viewer", NO)
def _(victim):
    return victim.by("vera", "POST", "/v1/schedules", MINIMAL)


@attack("RBAC-03", "triggering as a viewer", NO)
def _(victim):
    victim.schedule()
    return victim.by("vera", "POST", "/v1/schedules/etl-1/trigger")


@attack("RBAC-04", "editing as an operator, who only runs what others made", NO)
def _(victim):
    document = victim.schedule()
    return victim.by("olga", "PUT", "/v1/schedules/etl-1", document, headers={"if-match": '"1"'})


@attack("RBAC-05", "reading users as an editor", NO)
def _(victim):
    return victim.by("ed", "GET", "/v1/users")


@attack("RBAC-06", "reading the audit log as an operator", NO)
def _(victim):
    return victim.by("olga", "GET", "/v1/audit")


@attack("RBAC-07", "making an admin as a manager of users", NO)
def _(victim):
    return create_user(victim, "uma", roles=["admin"])


@attack("RBAC-08", "making an editor, whose own objects the manager could not touch", NO)
def _(victim):
    return create_user(victim, "uma", roles=["editor"])


@attack("RBAC-09", "giving oneself the role admin", NO)
def _(victim):
    return put_user(victim, "uma", "uma", "people", "admin")


@attack("RBAC-10", "making a role with permissions one lacks", NO)
def _(victim):
    return create_role(victim, "uma", every("schedules"))


@attack("RBAC-11", "making a role that inherits admin", NO)
def _(victim):
    return create_role(victim, "uma", inherits=["admin"])


@attack("RBAC-12", "widening one's own role", NO)
def _(victim):
    document = {"permissions": [every("users"), every("roles"), every("target")], "inherits": ["viewer"]}
    return victim.by("uma", "PUT", "/v1/roles/people", document, headers={"if-match": '"1"'})


@attack("RBAC-13", "resetting an admin's password", NO)
def _(victim):
    return victim.by("uma", "POST", "/v1/users/admin/password")


@attack("RBAC-14", "taking a stronger service account's key", NO)
def _(victim):
    victim.service("admin")
    return victim.by("uma", "POST", "/v1/users/bot/keys")


@attack("RBAC-15", "disabling an admin", NO)
def _(victim):
    return put_user(victim, "uma", "admin", "admin", enabled=False)


@attack("RBAC-16", "deleting an admin", NO)
def _(victim):
    return victim.by("uma", "DELETE", "/v1/users/admin", headers={"if-match": '"1"'})


@attack("RBAC-17", "demoting an admin", NO)
def _(victim):
    return put_user(victim, "uma", "admin", "viewer")


@attack("RBAC-18", "the last admin disables themselves", "409 last_admin")
def _(victim):
    return put_user(victim, "admin", "admin", "admin", enabled=False)


@attack("RBAC-19", "the last admin gives the role away", "409 last_admin")
def _(victim):
    return put_user(victim, "admin", "admin", "viewer")


@attack("RBAC-20", "the last admin deletes themselves", "409 last_admin")
def _(victim):
    return victim.call("DELETE", "/v1/users/admin", headers={"if-match": '"1"'})


@attack("RBAC-21", "a service account with the role admin does not count as the last admin", "409 last_admin")
def _(victim):
    victim.service("admin")
    return put_user(victim, "admin", "admin", "viewer")


@attack("RBAC-22", "roles that inherit each other in a circle", "400 invalid_input")
def _(victim):
    victim.role("a", "runs:read any")
    victim.role("b", inherits=["a"])
    answer = victim.call("PUT", "/v1/roles/a", {"inherits": ["b"]}, headers={"if-match": '"1"'})
    assert "a → b → a" in answer.text or "a \\u2192 b \\u2192 a" in answer.text
    return answer


@attack("RBAC-23", "a role that inherits itself", "400 invalid_input")
def _(victim):
    return victim.call("POST", "/v1/roles", {"role": "a", "inherits": ["a"]})


@attack("RBAC-24", "replacing a built-in role by one's own of that name", "409 role_built_in")
def _(victim):
    return victim.call("POST", "/v1/roles", {"role": "viewer", "permissions": [every("schedules")]})


@attack("RBAC-25", "changing a built-in role", "409 role_built_in")
def _(victim):
    return victim.call("PUT", "/v1/roles/viewer", {"permissions": []}, headers={"if-match": '"1"'})


@attack("RBAC-26", "giving a role that does not exist yet, to fill it later", "400 invalid_input")
def _(victim):
    return victim.call("POST", "/v1/users", {"user": "mallory", "roles": ["not-yet"]})


@attack("RBAC-27", "deleting a role that somebody has, to make it anew", "409 role_in_use")
def _(victim):
    return victim.call("DELETE", "/v1/roles/caller", headers={"if-match": '"1"'})


@attack("RBAC-28", "a permission that there is not", "400 invalid_input")
def _(victim):
    return create_role(victim, "admin", {"resource": "schedules", "actions": ["own"], "scope": "any"})


@attack("RBAC-29", "a scope that there is not", "400 invalid_input")
def _(victim):
    return create_role(victim, "admin", {"resource": "schedules", "actions": ["read"], "scope": "all"})


@attack("RBAC-30", "roles and owner in the body of a schedule", "400 invalid_input")
def _(victim):
    document = {**MINIMAL, "job": job("https://api.example.com/"), "roles": ["admin"], "created_by": "admin"}
    return victim.by("ed", "POST", "/v1/schedules", document)


@attack("RBAC-31", "the kind of a user changed into a person's", "400 invalid_input")
def _(victim):
    victim.service("viewer")
    return put_user(victim, "admin", "bot", "viewer", kind="person")


@attack("RBAC-32", "a role taken away holds with the very next request", NO)
def _(victim):
    victim.schedule()
    token = victim.token_of("olga")
    assert victim.call("POST", "/v1/schedules/etl-1/pause", token=token).status == 200
    victim.give("olga", "viewer")
    return victim.call("POST", "/v1/schedules/etl-1/resume", token=token)


@attack("RBAC-33", "a permission taken from an inherited role holds with the very next request", NO)
def _(victim):
    victim.schedule()
    victim.role("base", "schedules:pause any")
    victim.role("heir", inherits=["base"])
    victim.give("nina", "heir")
    assert victim.by("nina", "POST", "/v1/schedules/etl-1/pause").status == 200
    assert victim.call("PUT", "/v1/roles/base", {}, headers={"if-match": '"1"'}).status == 200
    return victim.by("nina", "POST", "/v1/schedules/etl-1/pause")


@attack("RBAC-34", "overwriting a change of rights that one has not seen", "412 version_mismatch")
def _(victim):
    victim.give("vera", "viewer")
    return victim.call(
        "PUT", "/v1/users/vera", {"roles": ["admin"], "enabled": True}, headers={"if-match": '"1"'}
    )


@attack("RBAC-35", "changing rights without saying which version was read", "428 precondition_required")
def _(victim):
    return victim.call("PUT", "/v1/users/vera", {"roles": ["admin"], "enabled": True})


@attack("RBAC-36", "a manager with a narrow scope gives the whole", NO)
def _(victim):
    victim.role("narrow", "roles:create any", "schedules:trigger id:etl-*")
    victim.give("nina", "narrow")
    wide = {"resource": "schedules", "actions": ["trigger"], "scope": "id:e*"}
    return create_role(victim, "nina", wide)


@attack("RBAC-37", "a manager with a narrow scope gives a part of it", "201")
def _(victim):
    victim.role("narrow", "roles:create any", "schedules:trigger id:etl-*")
    victim.give("nina", "narrow")
    part = {"resource": "schedules", "actions": ["trigger"], "scope": "id:etl-a*"}
    return create_role(victim, "nina", part)


@attack("RBAC-38", "an editor who manages users makes an editor, to act on what that one owns", NO)
def _(victim):
    victim.give("uma", "people", "editor")
    return create_user(victim, "uma", roles=["editor"])
