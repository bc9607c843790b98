"""Attacks on what waits for a second factor: somebody else's, changed, ended, or a machine's."""

from dataclasses import replace
from datetime import timedelta

from carillon.domain.access import UserKind
from tests.attacks.attack import attack, outcome
from tests.attacks.fortress import TRIGGER, Fortress
from tests.functions.api.world import PASSWORD

REFUSED, ENDED, NONE = "403 code_refused", "409 confirmation_ended", "404 confirmation_not_found"
NEEDED = "403 second_factor_required"


def entered(identity, what, expected):
    return attack(identity, what, expected, on=Fortress)


@entered("CONFIRM-01", "confirming what somebody else asked for", NONE)
def _(victim):
    return victim.confirm(victim.waiting(), name="ed")


@entered("CONFIRM-02", "an admin confirms in a person's place", NONE)
def _(victim):
    return victim.confirm(victim.waiting(), name="admin")


@entered("CONFIRM-03", "reading what somebody else asked for", NONE)
def _(victim):
    return victim.by("ed", "GET", f"/v1/confirmations/{victim.waiting()['confirmation_id']}")


@entered("CONFIRM-04", "declining what somebody else asked for", NONE)
def _(victim):
    return victim.reply(victim.waiting(), {"decline": True}, name="ed")


@entered("CONFIRM-05", "confirming twice", ENDED)
def _(victim):
    confirmation = victim.waiting()
    assert victim.confirm(confirmation, name="olga").status == 202
    return victim.confirm(confirmation, victim.next_code("olga"), "olga")


@entered("CONFIRM-06", "confirming what was declined", ENDED)
def _(victim):
    confirmation = victim.waiting()
    assert victim.reply(confirmation, {"decline": True}).status == 200
    return victim.confirm(confirmation, name="olga")


@entered("CONFIRM-07", "confirming after five minutes", ENDED)
def _(victim):
    confirmation = victim.waiting()
    victim.clock.advance(300)
    return victim.confirm(confirmation, name="olga")


@entered("CONFIRM-08", "changing the schedule between the question and the code", "412 version_mismatch")
def _(victim):
    confirmation = victim.waiting()
    victim.call("POST", "/v1/schedules/payroll/pause")
    return victim.confirm(confirmation, name="olga")


@entered("CONFIRM-09", "deleting and recreating the schedule in between", "412 version_mismatch")
def _(victim):
    confirmation = victim.waiting()
    victim.database.heads["payroll"] = replace(victim.database.heads["payroll"], generation=2, head_version=7)
    return victim.confirm(confirmation, name="olga")


@entered("CONFIRM-10", "losing the right between the question and the code", "403 forbidden")
def _(victim):
    confirmation = victim.waiting()
    victim.add_user("olga", roles=("viewer",))
    return victim.confirm(confirmation, name="olga")


@entered("CONFIRM-11", "the operation exchanged in the table for another one's", "500 internal_error, 0 runs")
def _(victim):
    victim.sensitive("bonus")
    one = victim.waiting()
    other = victim.asked("POST", "/v1/schedules/bonus/trigger", name="olga")
    request = victim.facts.rows[f"confirmation#{other['confirmation_id']}"].value["request"]
    victim.rewritten(one, request=request)
    answer = victim.confirm(one, name="olga")
    return f"{outcome(answer)}, {victim.manual_runs} runs"


@entered("CONFIRM-12", "an own confirmation written as another asker's", "403 code_refused")
def _(victim):
    confirmation = victim.waiting()
    victim.rewritten(confirmation, asked_by="ed")
    return victim.confirm(confirmation, victim.code("olga"), "ed")


@entered("CONFIRM-13", "a person without a second factor", NEEDED)
def _(victim):
    return victim.trigger("nina", TRIGGER)


@entered("CONFIRM-14", "a machine confirms for itself", NONE)
def _(victim):
    return victim.reply(victim.waiting("bot"), {"code": "123456"}, name="bot")


@entered("CONFIRM-15", "a machine enrols a second factor", "409 wrong_state")
def _(victim):
    return victim.by("bot", "POST", "/v1/me/totp", {"password": PASSWORD})


@entered("CONFIRM-16", "a viewer confirms for a machine", NONE)
def _(victim):
    return victim.confirm(victim.waiting("bot"), name="vera")


@entered("CONFIRM-17", "a machine that was disabled since", "401 unauthenticated")
def _(victim):
    confirmation = victim.waiting("bot")
    victim.add_user("bot", roles=("operator",), kind=UserKind.SERVICE, enabled=False)
    return victim.confirm(confirmation, name="olga")


@entered("CONFIRM-18", "a machine whose key was taken away since", "401 unauthenticated")
def _(victim):
    confirmation = victim.waiting("bot")
    later = victim.clock.now() + timedelta(seconds=1)
    victim.add_user("bot", roles=("operator",), kind=UserKind.SERVICE, tokens_valid_from=later)
    return victim.confirm(confirmation, name="olga")
