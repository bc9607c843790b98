"""Attacks by pages, caches and browsers, and with methods and addresses that nobody serves."""

import json

from tests.attacks.attack import attack
from tests.attacks.fortress import PLAIN, Fortress

POLICY = "default-src 'none'; frame-ancestors 'none'"


def entered(identity, what, expected):
    return attack(identity, what, expected, on=Fortress)


def headers_of(victim):
    """Headers of an answer, of a refusal, and of one that nobody foresaw."""
    victim.database.before = fail_on("page", victim.database.before)
    return [
        victim.call("GET", "/v1/schedules/etl").headers,
        victim.call("GET", "/v1/schedules/etl", token=None).headers,
        victim.call("GET", "/nowhere").headers,
        victim.call("GET", "/v1/schedules").headers,
        victim.call("POST", PLAIN, headers={"x-nonce": None}).headers,
    ]


def fail_on(wanted, before):
    def check(operation):
        if operation == wanted:
            raise RuntimeError("a secret of the inside: hunter2")
        before(operation)

    return check


def everywhere(victim, name, value):
    return (
        "everywhere"
        if all(headers.get(name) == value for headers in headers_of(victim))
        else "not everywhere"
    )


@entered("WEB-01", "an answer is kept by a cache", "everywhere")
def _(victim):
    return everywhere(victim, "cache-control", "no-store")


@entered("WEB-02", "an answer is read as another type", "everywhere")
def _(victim):
    return everywhere(victim, "x-content-type-options", "nosniff")


@entered("WEB-03", "an answer is framed", "everywhere")
def _(victim):
    return everywhere(victim, "content-security-policy", POLICY)


@entered("WEB-04", "an old browser frames an answer", "everywhere")
def _(victim):
    return everywhere(victim, "x-frame-options", "DENY")


@entered("WEB-05", "an address leaks through a link", "everywhere")
def _(victim):
    return everywhere(victim, "referrer-policy", "no-referrer")


@entered("WEB-06", "a later request goes over plain HTTP", "everywhere")
def _(victim):
    return everywhere(victim, "strict-transport-security", "max-age=31536000")


@entered("WEB-07", "another site's page reads an answer", "no CORS header")
def _(victim):
    answer = victim.call("GET", "/v1/schedules/etl", headers={"origin": "https://evil.example"})
    return (
        "a CORS header"
        if any(name.startswith("access-control") for name in answer.headers)
        else "no CORS header"
    )


@entered("WEB-08", "another site's form posts with the browser's own means", "401 unauthenticated")
def _(victim):
    sent = {"cookie": "session=x", "content-type": "application/json", "origin": "https://evil.example"}
    return victim.call("POST", PLAIN, token=None, headers=sent)


@entered("WEB-09", "a failure inside tells of the inside", "500 internal_error")
def _(victim):
    victim.database.before = fail_on("page", victim.database.before)
    answer = victim.call("GET", "/v1/schedules")
    assert "hunter2" not in answer.text
    assert "Traceback" not in answer.text
    return answer


@entered("WEB-10", "TRACE", "405 method_not_allowed")
def _(victim):
    return victim.call("TRACE", "/v1/schedules")


@entered("WEB-11", "a method's name in a header", "200")
def _(victim):
    answer = victim.call("GET", "/v1/schedules/etl", headers={"x-http-method-override": "DELETE"})
    assert "etl" in victim.database.heads
    return answer


@entered("WEB-12", "a folder's parent in an address", "404 route_not_found")
def _(victim):
    return victim.call("GET", "/v1/schedules/../../users")


@entered("WEB-13", "an address in capitals", "404 route_not_found")
def _(victim):
    return victim.call("GET", "/V1/USERS")


@entered("WEB-14", "a script in an id comes back as one", "404 schedule_not_found")
def _(victim):
    answer = victim.call("GET", "/v1/schedules/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    assert answer.headers["content-type"] == "application/problem+json"
    return answer


@entered("WEB-15", "a line break in an id writes a header or a line of the log", "404 schedule_not_found")
def _(victim):
    answer = victim.call("GET", "/v1/schedules/a%0D%0ASet-Cookie:x")
    assert not any("\n" in value for value in answer.headers.values())
    assert "\n" not in json.dumps(answer.json)
    return answer


@entered("WEB-16", "a route that was forgotten in the description", "none")
def _(victim):
    from api.app import app
    from api.routes.openapi import document

    routes = app._static_routes + app._dynamic_routes
    served = {f"{route.method} {route.path}".replace("<", "{").replace(">", "}") for route in routes}
    told = {f"{method.upper()} {path}" for path, found in document(app)["paths"].items() for method in found}
    missing = sorted(each for each in served - told if " /v1/" in each)
    return str(missing or "none")


@entered("WEB-17", "PATCH, which would be a way round the table of operations", "405 method_not_allowed")
def _(victim):
    return victim.call("PATCH", "/v1/schedules/etl", {"description": "x"})


@entered("WEB-18", "a token in the address", "401 unauthenticated")
def _(victim):
    return victim.call("GET", f"/v1/schedules?access_token={victim.token}", token=None)
