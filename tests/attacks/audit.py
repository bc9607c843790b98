"""Attacks on the audit log: acting without a trace, reading or changing what is on record."""

from tests.attacks.attack import attack
from tests.functions.api.world import MINIMAL


def last(victim):
    return list(victim.database.audit.values())[-1]


@attack("AUDIT-01", "deleting an entry", "404 route_not_found")
def _(victim):
    return victim.call("DELETE", f"/v1/audit/{last(victim).entry_id}")


@attack("AUDIT-02", "writing an entry", "405 method_not_allowed")
def _(victim):
    return victim.call("POST", "/v1/audit", {"actor": "eve"})


@attack("AUDIT-03", "being refused leaves a row with who, how, from where and what", "on record")
def _(victim):
    victim.schedule()
    victim.by("vera", "POST", "/v1/schedules/etl-1/trigger", source="198.51.100.9")
    entry = last(victim)
    told = (entry.actor, entry.method, entry.source, entry.action, entry.object, entry.outcome)
    wanted = ("vera", "password", "198.51.100.9", "schedules:trigger", "schedule:etl-1", "refused")
    return "on record" if told == wanted else told


@attack("AUDIT-04", "trying to become an admin leaves a row", "on record")
def _(victim):
    victim.by("uma", "POST", "/v1/users", {"user": "mallory", "roles": ["admin"]})
    entry = last(victim)
    return "on record" if (entry.actor, entry.outcome) == ("uma", "refused") else entry


@attack("AUDIT-05", "looking at users without the right leaves a row", "on record")
def _(victim):
    victim.by("ed", "GET", "/v1/users")
    return "on record" if last(victim).action == "users:read" else last(victim)


@attack("AUDIT-06", "a failed login leaves a row", "on record")
def _(victim):
    victim.log_in(user="admin", password="x")
    entry = last(victim)
    return "on record" if (entry.object, entry.outcome) == ("user:admin", "refused") else entry


@attack("AUDIT-07", "a change of rights without before and after", "both are there")
def _(victim):
    victim.give("vera", "operator")
    entry = last(victim)
    roles = entry.before["roles"], entry.after["roles"]
    return "both are there" if roles == (["viewer"], ["operator"]) else entry


@attack("AUDIT-08", "a credential in a header ends in the log", "masked")
def _(victim):
    headers = {"Authorization": "Bearer s3cr3t-value", "X-Api-Key": "s3cr3t-value", "Accept": "text/plain"}
    job = {"target": {"kind": "http", "url": "https://example.com/", "headers": headers}}
    victim.call("POST", "/v1/schedules", {**MINIMAL, "job": job})
    text = repr(last(victim))
    assert last(victim).action == "schedule.create"
    return "masked" if "s3cr3t-value" not in text and "text/plain" in text else text


@attack("AUDIT-09", "a change without its row, because the row cannot be written", "nothing changed")
def _(victim):
    taken = last(victim).entry_id
    victim.api.access.users._journal._chance = Repeating(taken)
    before = dict(victim.database.users)
    victim.call("POST", "/v1/users", {"user": "mallory", "kind": "external"})
    return "nothing changed" if victim.database.users == before else "changed"


class Repeating:
    """Chance that gives out an entry's id that is taken."""

    def __init__(self, token):
        self._token = token

    def token(self):
        return self._token


@attack("AUDIT-10", "a reader of their own entries sees those of others", "only their own")
def _(victim):
    victim.role("self", "audit:read owner")
    victim.give("nina", "self")
    victim.by("nina", "POST", "/v1/schedules/etl-1/pause")
    items = victim.by("nina", "GET", "/v1/audit").json["items"]
    return "only their own" if {item["actor"] for item in items} == {"nina"} else items


@attack("AUDIT-11", "a cursor of one list in another", "400 invalid_input")
def _(victim):
    cursor = victim.call("GET", "/v1/audit?limit=1&actor=admin").json["next_cursor"]
    return victim.call("GET", f"/v1/audit?limit=1&actor=vera&cursor={cursor}")


@attack("AUDIT-12", "a cursor made by oneself", "400 invalid_input")
def _(victim):
    return victim.call("GET", "/v1/audit?cursor=eyJiZWZvcmUiOiIyMDI3In0")


@attack("AUDIT-13", "acting under an actor of one's choice", "ed")
def _(victim):
    victim.schedule()
    victim.by(
        "ed", "POST", "/v1/schedules/etl-1/pause", headers={"x-user": "admin", "x-forwarded-user": "admin"}
    )
    return last(victim).actor


@attack("AUDIT-14", "coming from an address of one's choice", "192.0.2.7")
def _(victim):
    victim.schedule()
    victim.by("ed", "POST", "/v1/schedules/etl-1/pause", headers={"x-forwarded-for": "10.0.0.1"})
    return last(victim).source
