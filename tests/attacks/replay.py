"""Attacks with copies of requests, and with requests that come too late, too early or twice."""

import json

from tests.attacks.attack import attack
from tests.attacks.fortress import PLAIN, TRIGGER, Fortress, seconds
from tests.functions.api.world import MINIMAL

STALE, INVALID, REUSED = "400 stale_timestamp", "400 invalid_input", "409 nonce_reused"
NONCE = "5d9e3c1a-7f42-4d0b-9a6e-2c8b1f0e7d34"


def entered(identity, what, expected):
    return attack(identity, what, expected, on=Fortress)


@entered("REPLAY-01", "the same trigger again, word for word", REUSED)
def _(victim):
    assert victim.trigger(x_nonce=NONCE).status == 202
    return victim.trigger(x_nonce=NONCE)


@entered("REPLAY-02", "a copy six minutes later", STALE)
def _(victim):
    then = seconds(victim)
    assert victim.trigger(x_nonce=NONCE, x_timestamp=then).status == 202
    victim.clock.advance(360)
    return victim.trigger(x_nonce=NONCE, x_timestamp=then)


@entered("REPLAY-03", "a copy of a trigger that was dated ahead, when its timestamp is still good", REUSED)
def _(victim):
    ahead = seconds(victim, 299)
    assert victim.trigger(x_nonce=NONCE, x_timestamp=ahead).status == 202
    victim.clock.advance(590)
    return victim.trigger(x_nonce=NONCE, x_timestamp=ahead)


@entered("REPLAY-04", "no timestamp", INVALID)
def _(victim):
    return victim.trigger(x_timestamp=None)


@entered("REPLAY-05", "no nonce", INVALID)
def _(victim):
    return victim.trigger(x_nonce=None)


@entered("REPLAY-06", "a timestamp six minutes ahead", STALE)
def _(victim):
    return victim.trigger(x_timestamp=seconds(victim, 360))


@entered("REPLAY-07", "a timestamp without an offset", INVALID)
def _(victim):
    return victim.trigger(x_timestamp="2026-11-22T02:00:00")


@entered("REPLAY-08", "a timestamp in milliseconds", INVALID)
def _(victim):
    return victim.trigger(x_timestamp=seconds(victim) + "000")


@entered("REPLAY-09", "a timestamp that is no number", INVALID)
def _(victim):
    return victim.trigger(x_timestamp="NaN")


@entered("REPLAY-10", "a timestamp with a sign", INVALID)
def _(victim):
    return victim.trigger(x_timestamp="+" + seconds(victim))


@entered("REPLAY-11", "a nonce of one character", INVALID)
def _(victim):
    return victim.trigger(x_nonce="1")


@entered("REPLAY-12", "a nonce of a thousand characters", INVALID)
def _(victim):
    return victim.trigger(x_nonce="n" * 1000)


@entered("REPLAY-13", "a nonce with a separator of keys in it", INVALID)
def _(victim):
    return victim.trigger(x_nonce="0123456789#admin#")


@entered("REPLAY-14", "two timestamps, as a gateway joins them", INVALID)
def _(victim):
    return victim.trigger(x_timestamp=f"{seconds(victim)},{seconds(victim)}")


@entered("REPLAY-15", "burning somebody else's nonce", "202")
def _(victim):
    assert victim.trigger("nina", x_nonce=NONCE).status == 202
    return victim.trigger("olga", x_nonce=NONCE)


@entered("REPLAY-16", "burning a nonce without a token", "202")
def _(victim):
    assert victim.call("POST", PLAIN, token=None, headers={"x-nonce": NONCE}).status == 401
    return victim.trigger(x_nonce=NONCE)


@entered(
    "REPLAY-17",
    "a trigger whose address ends with a line break, past the table of operations",
    "404 route_not_found",
)
def _(victim):
    return victim.by("olga", "POST", PLAIN + "\n")


@entered("REPLAY-18", "a trigger under an encoded address, without a nonce", INVALID)
def _(victim):
    return victim.by("olga", "POST", "/v1/schedules/%65tl/trigger", headers={"x-nonce": None})


@entered("REPLAY-19", "a trigger with a doubled slash, past the table of operations", "404 route_not_found")
def _(victim):
    return victim.by("olga", "POST", "//v1/schedules/etl/trigger")


@entered("REPLAY-20", "a trigger through another stage's name, without a nonce", INVALID)
def _(victim):
    context = {
        "http": {"method": "POST", "path": "/prod" + PLAIN, "sourceIp": "192.0.2.7"},
        "requestId": "r",
        "stage": "prod",
    }
    return victim.by("olga", "POST", "/prod" + PLAIN, requestContext=context, headers={"x-nonce": None})


@entered("REPLAY-21", "another request under a key that was used", "422 idempotency_key_reused")
def _(victim):
    key = {"idempotency-key": "k-1"}
    assert victim.call("POST", "/v1/schedules", {**MINIMAL, "schedule_id": "one"}, headers=key).status == 201
    return victim.call("POST", "/v1/schedules", {**MINIMAL, "schedule_id": "two"}, headers=key)


@entered("REPLAY-22", "the same request under a key makes a second schedule", "201 again")
def _(victim):
    key, document = {"idempotency-key": "k-1"}, {**MINIMAL, "schedule_id": "one"}
    first = victim.call("POST", "/v1/schedules", document, headers=key)
    again = victim.call("POST", "/v1/schedules", document, headers=key)
    assert first.text == again.text
    return f"{again.status} {'again' if again.headers.get('idempotent-replayed') else 'anew'}"


@entered("REPLAY-23", "reading somebody else's answer with their key", "409 schedule_exists")
def _(victim):
    key, document = {"idempotency-key": "k-1"}, {**MINIMAL, "schedule_id": "one"}
    assert victim.call("POST", "/v1/schedules", document, headers=key).status == 201
    victim.add_user("other", roles=("admin",))
    return victim.by("other", "POST", "/v1/schedules", document, headers=key)


@entered("REPLAY-24", "reading an answer again after the right to it was taken away", "403 forbidden")
def _(victim):
    key = {"idempotency-key": "k-1"}
    path = "/v1/schedules/etl/pause"
    assert victim.by("olga", "POST", path, headers=key).status == 200
    victim.add_user("olga", roles=("viewer",))
    return victim.by("olga", "POST", path, headers=key)


@entered(
    "REPLAY-25", "reading a secret again with the key of the request that showed it", "409 answer_not_kept"
)
def _(victim):
    key, question = (
        {"idempotency-key": "k-1"},
        {"password": "correct horse battery staple"},  # pragma: allowlist secret
    )  # pragma: allowlist secret
    made = victim.by("nina", "POST", "/v1/me/totp", question, headers=key)
    if made.json["secret"] in json.dumps([dict(fact.value) for fact in victim.facts.rows.values()]):
        return "the secret lies in the table"
    return victim.by("nina", "POST", "/v1/me/totp", question, headers=key)


@entered(
    "REPLAY-26", "repeating a request that broke off, to have it done twice", "409 idempotency_interrupted"
)
def _(victim):
    from carillon.domain.errors import Unavailable

    key, path = {"idempotency-key": "k-1"}, "/v1/schedules/etl/pause"
    fail = victim.database.after

    def after(operation):
        if operation == "write":
            raise Unavailable

    victim.database.after = after
    assert victim.by("olga", "POST", path, headers=key).status == 503
    victim.database.after = fail
    victim.clock.advance(31)
    return victim.by("olga", "POST", path, headers=key)


@entered("REPLAY-27", "an idempotency key of ten thousand characters", INVALID)
def _(victim):
    return victim.by("olga", "POST", "/v1/schedules/etl/pause", headers={"idempotency-key": "k" * 10_000})


@entered("REPLAY-28", "a copy of a sensitive trigger, so that it waits twice", REUSED)
def _(victim):
    assert victim.trigger(path=TRIGGER, x_nonce=NONCE).status == 202
    return victim.trigger(path=TRIGGER, x_nonce=NONCE)
