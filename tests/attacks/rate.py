"""Attacks with many requests in short time."""

from carillon.domain.access import UserKind
from tests.attacks.attack import attack, outcome
from tests.attacks.fortress import PLAIN, TRIGGER, Fortress, seconds

LIMITED = "429 rate_limited"


def entered(identity, what, expected):
    return attack(identity, what, expected, on=Fortress)


def five(victim, name="olga"):
    for _ in range(5):
        assert victim.trigger(name).status == 202
    return victim


@entered("RATE-01", "a sixth trigger within a minute", LIMITED)
def _(victim):
    return five(victim).trigger()


@entered(
    "RATE-02", "five triggers before a full minute and five behind it", "429 rate_limited, retry after 58"
)
def _(victim):
    five(victim)
    victim.clock.advance(2)
    answer = victim.trigger()
    return f"{outcome(answer)}, retry after {answer.headers.get('retry-after')}"


@entered("RATE-03", "waiting exactly as long as told", "202")
def _(victim):
    answer = five(victim).trigger()
    victim.clock.advance(int(answer.headers["retry-after"]))
    return victim.trigger()


@entered("RATE-04", "waiting a second less than told", LIMITED)
def _(victim):
    answer = five(victim).trigger()
    victim.clock.advance(int(answer.headers["retry-after"]) - 1)
    return victim.trigger()


@entered("RATE-05", "triggers of different schedules, each with a window of its own", LIMITED)
def _(victim):
    five(victim)
    return victim.trigger(path=TRIGGER)


@entered("RATE-06", "triggers with two tokens of one user", LIMITED)
def _(victim):
    five(victim)
    return victim.call(
        "POST", PLAIN, token=victim.token_of("olga", jti="another"), headers={"x-timestamp": seconds(victim)}
    )


@entered("RATE-07", "using up somebody else's window", "202")
def _(victim):
    five(victim, "nina")
    return victim.trigger("olga")


@entered(
    "RATE-08", "triggers that are refused later count all the same, so that guessing ids is limited", LIMITED
)
def _(victim):
    for number in range(5):
        assert victim.trigger(path=f"/v1/schedules/nothing-{number}/trigger").status == 404
    return victim.trigger()


@entered("RATE-09", "a refused trigger takes up a nonce for ever, filling the table", "no row")
def _(victim):
    five(victim)
    before = len(victim.facts.rows)
    victim.trigger()
    return "no row" if len(victim.facts.rows) == before else "a row"


@entered("RATE-10", "the right one comes after a hundred refused ones at its time", "202")
def _(victim):
    five(victim)
    for _ in range(100):
        assert victim.trigger().status == 429
    victim.clock.advance(60)
    return victim.trigger()


@entered("RATE-11", "running a run again in place of triggering, without limit", LIMITED)
def _(victim):
    victim.add_user("lea", roles=("editor",))
    victim.database.heads["etl"] = changed(victim.database.heads["etl"], owner="lea")
    path = "/v1/runs/etl@20261122T013000Z/retry"
    for _ in range(30):
        assert victim.by("lea", "POST", path).status == 404
    return victim.by("lea", "POST", path)


@entered("RATE-12", "a thousand new users, one by one", LIMITED)
def _(victim):
    victim.add_user("nora", roles=("admin",), kind=UserKind.PERSON)
    for _ in range(60):
        assert victim.by("nora", "POST", "/v1/users", {"user": "x"}).code == "second_factor_required"
    return victim.by("nora", "POST", "/v1/users", {"user": "x"})


@entered("RATE-13", "pausing everything, one by one", "202")
def _(victim):
    for _ in range(50):
        assert victim.by("olga", "POST", "/v1/schedules/etl/pause").status == 200
    return victim.by("olga", "POST", "/v1/schedules/etl/pause")


@entered("RATE-14", "confirmations without end, to fill the table", "429 too_many_confirmations")
def _(victim):
    for _ in range(20):
        victim.clock.advance(12)
        victim.waiting()
    victim.clock.advance(12)
    return victim.trigger(path=TRIGGER)


def changed(value, **changes):
    from dataclasses import replace

    return replace(value, **changes)
