"""The table of attacks: an id, what is tried, and the answer that it must get.

An attack is a function of a victim (a stack with people in it) that answers what it got. Its id begins with its area:
TOKEN-03 is in the area TOKEN. A new area is a module beside this one, named in test_attacks.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.functions.api.world import MINIMAL, Answer, ApiWorld

ATTACKS = {}


@dataclass(frozen=True)
class Attack:
    id: str
    what: str
    expected: str
    run: Callable[..., Any]
    on: Callable[[], Any] | None = None

    @property
    def area(self):
        return self.id.partition("-")[0]


def attack(identity, what, expected, on=None):
    """Enters the decorated function into the table; `on` makes another victim than usual."""

    def enter(run):
        assert identity not in ATTACKS, f"{identity} is there twice"
        ATTACKS[identity] = Attack(identity, what, expected, run, on)
        return run

    return enter


def result_of(each):
    """What an attack of the table gets from a fresh victim."""
    return outcome(each.run((each.on or Victim)()))


def outcome(result):
    """What an attack got, in the words of the table: `403 forbidden`, `200`, or what the attack itself says."""
    if not isinstance(result, Answer):
        return str(result)
    code = result.json.get("code", "") if result.status >= 400 else ""
    return f"{result.status} {code}".strip()


class Victim(ApiWorld):
    """A stack with an admin, a viewer, two editors, an operator, a manager of users, and somebody without a role."""

    def __init__(self):
        super().__init__()
        manager = {
            "role": "people",
            "permissions": [
                {"resource": "users", "actions": ["*"], "scope": "any"},
                {"resource": "roles", "actions": ["*"], "scope": "any"},
            ],
            "inherits": ["viewer"],
        }
        assert self.call("POST", "/v1/roles", manager).status == 201
        for name, role in (
            ("vera", "viewer"),
            ("ed", "editor"),
            ("eve", "editor"),
            ("olga", "operator"),
            ("uma", "people"),
        ):
            self.add_user(name, roles=(role,))
        self.add_user("nina")
        use = [{"resource": "target", "actions": ["use"], "scope": "id:*.example.com"}]
        assert self.call("POST", "/v1/roles", {"role": "caller", "permissions": use}).status == 201
        self.give("ed", "editor", "caller")
        self.give("eve", "editor", "caller")

    def give(self, name, *roles, **changes):
        """Puts roles on a user, as an admin would."""
        found = self.call("GET", f"/v1/users/{name}")
        document = {"roles": list(roles), "enabled": True, **changes}
        answer = self.call("PUT", f"/v1/users/{name}", document, headers={"if-match": found.headers["etag"]})
        assert answer.status == 200, answer.text
        return answer

    def role(self, name, *permissions, inherits=()):
        """Makes a role, as an admin would; a permission is `resource:action scope`."""
        document = {"role": name, "permissions": [permission(each) for each in permissions]}
        answer = self.call("POST", "/v1/roles", {**document, "inherits": list(inherits)})
        assert answer.status == 201, answer.text
        return answer

    def by(self, name, method, path, document=None, **more):
        """One request of somebody."""
        return self.call(method, path, document, token=self.token_of(name), **more)

    def schedule(self, name="ed", schedule_id="etl-1", **changes):
        """A schedule of somebody's on a host that editors may use."""
        document = {**MINIMAL, "schedule_id": schedule_id, "job": job("https://api.example.com/x"), **changes}
        answer = self.by(name, "POST", "/v1/schedules", document)
        assert answer.status == 201, answer.text
        return document

    def service(self, *roles):
        """A service account's key."""
        answer = self.call("POST", "/v1/users", {"user": "bot", "kind": "service", "roles": list(roles)})
        assert answer.status == 201, answer.text
        return answer.json["key"]

    def log_in(self, **credentials):
        return self.call("POST", "/v1/login", credentials, token=None)


def permission(text):
    """`runs:read tag:team=data` as the API takes it."""
    what, _, scope = text.partition(" ")
    resource, _, action = what.partition(":")
    return {"resource": resource, "actions": [action], "scope": scope or "any"}


def job(url):
    return {"target": {"kind": "http", "url": url}}
