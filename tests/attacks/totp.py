"""Attacks on the second factor and on what waits for it."""

from carillon.domain.totp import STEP_SECONDS
from tests.attacks.attack import attack
from tests.attacks.fortress import TRIGGER, Fortress
from tests.functions.api.world import MINIMAL, PASSWORD

REFUSED, ENDED, NONE = "403 code_refused", "409 confirmation_ended", "404 confirmation_not_found"
NEEDED = "403 second_factor_required"


def entered(identity, what, expected):
    return attack(identity, what, expected, on=Fortress)


@entered("TOTP-01", "a sensitive schedule, triggered without a code", "0 runs")
def _(victim):
    victim.trigger(path=TRIGGER)
    return f"{victim.manual_runs} runs"


@entered("TOTP-02", "a wrong code", REFUSED)
def _(victim):
    return victim.confirm(victim.waiting(), victim.wrong_code("olga"), "olga")


@entered("TOTP-03", "the same code for a second operation", REFUSED)
def _(victim):
    code = victim.code("olga")
    assert victim.confirm(victim.waiting(), code, "olga").status == 202
    return victim.confirm(victim.waiting(), code, "olga")


@entered("TOTP-04", "the code with which the factor was activated", REFUSED)
def _(victim):
    victim.enrol("nina")
    return victim.confirm(victim.waiting("nina"), victim.code("nina", -1), "nina")


@entered("TOTP-05", "a code of the step before, good", "202")
def _(victim):
    victim.clock.advance(STEP_SECONDS)
    return victim.confirm(victim.waiting(), victim.code("olga", -1), "olga")


@entered("TOTP-06", "a code of two steps before", REFUSED)
def _(victim):
    victim.clock.advance(2 * STEP_SECONDS)
    return victim.confirm(victim.waiting(), victim.code("olga", -2), "olga")


@entered("TOTP-07", "a code of the step to come", REFUSED)
def _(victim):
    return victim.confirm(victim.waiting(), victim.code("olga", 1), "olga")


@entered("TOTP-08", "the step before after the current one was used", REFUSED)
def _(victim):
    victim.clock.advance(STEP_SECONDS)
    before = victim.code("olga", -1)
    assert victim.confirm(victim.waiting(), name="olga").status == 202
    return victim.confirm(victim.waiting(), before, "olga")


@entered("TOTP-09", "the right code after five wrong ones", "429 second_factor_locked")
def _(victim):
    return guesses(victim, 5)


@entered("TOTP-10", "guessing through other operations' confirmations", "429 second_factor_locked")
def _(victim):
    for _ in range(5):
        victim.confirm(victim.waiting(), victim.wrong_code("olga"), "olga")
        victim.clock.advance(13)
    return victim.confirm(victim.waiting(), name="olga")


@entered("TOTP-11", "guessing at enrolment in place of confirmation", "429 second_factor_locked")
def _(victim):
    question = {"password": PASSWORD, "code": victim.wrong_code("olga")}
    for _ in range(5):
        assert victim.by("olga", "POST", "/v1/me/totp", question).code == "code_refused"
    return victim.confirm(victim.waiting(), name="olga")


@entered("TOTP-12", "guessing recovery codes", "429 second_factor_locked")
def _(victim):
    confirmation = victim.waiting()
    for _ in range(5):
        assert victim.reply(confirmation, {"recovery_code": "aaaa-aaaa-aaaa-aaaa"}).code == "code_refused"
    return victim.confirm(confirmation, name="olga")


@entered("TOTP-13", "four guesses, a wait, four more, and so on for ever", "429 second_factor_locked")
def _(victim):
    guesses(victim, 4)
    for _ in range(4):
        victim.clock.advance(3600)
        victim.confirm(victim.waiting(), victim.wrong_code("olga"), "olga")
    victim.confirm(victim.waiting(), victim.wrong_code("olga"), "olga")
    return victim.confirm(victim.waiting(), name="olga")


@entered("TOTP-14", "locking somebody out is seen", "an alarm")
def _(victim):
    guesses(victim, 5)
    return "an alarm" if [name for name, *_ in victim.metrics.told] == ["SecondFactorLocked"] else "nothing"


@entered("TOTP-15", "another one's code", REFUSED)
def _(victim):
    return victim.confirm(victim.waiting(), victim.code("ed"), "olga")


@entered("TOTP-16", "a stolen token enrols a factor of its own: it lacks the password", "403 wrong_password")
def _(victim):
    return victim.by(
        "nina",  # pragma: allowlist secret
        "POST",
        "/v1/me/totp",
        {"password": "not the password"},  # pragma: allowlist secret
    )  # pragma: allowlist secret


@entered("TOTP-17", "a stolen token and password replace the factor without a code of it", REFUSED)
def _(victim):
    return victim.by("olga", "POST", "/v1/me/totp", {"password": PASSWORD})


@entered("TOTP-18", "an enrolment that was begun serves before its first code", NEEDED)
def _(victim):
    assert victim.by("nina", "POST", "/v1/me/totp", {"password": PASSWORD}).status == 201
    return victim.trigger("nina", TRIGGER)


@entered("TOTP-19", "an enrolment is activated after an hour", "409 nothing_pending")
def _(victim):
    made = victim.by("nina", "POST", "/v1/me/totp", {"password": PASSWORD})
    victim.seeds["nina"] = made.json["secret"]
    victim.clock.advance(3600)
    return victim.by("nina", "POST", "/v1/me/totp/activate", {"code": victim.code("nina")})


@entered("TOTP-20", "somebody's factor is taken away without a confirmation", "still active")
def _(victim):
    victim.asked("DELETE", "/v1/users/olga/totp")
    active = victim.by("olga", "GET", "/v1/me/totp").json["is_active"]
    return "still active" if active else "gone"


@entered("TOTP-21", "an operator takes somebody's factor away", "403 forbidden")
def _(victim):
    return victim.by("olga", "DELETE", "/v1/users/ed/totp")


@entered("TOTP-22", "a recovery code twice", REFUSED)
def _(victim):
    code, *_ = victim.enrol("nina")
    assert victim.reply(victim.waiting("nina"), {"recovery_code": code}, "nina").status == 202
    return victim.reply(victim.waiting("nina"), {"recovery_code": code}, "nina")


@entered("TOTP-23", "marking a schedule as not sensitive, to trigger it then", "still sensitive")
def _(victim):
    document = {key: MINIMAL[key] for key in ("timetable", "job")}
    victim.asked("PUT", "/v1/schedules/payroll", document, headers={"if-match": '"1"'})
    return "still sensitive" if victim.database.heads["payroll"].sensitive else "open"


@entered(
    "TOTP-24",
    "running an ended run of a sensitive schedule again, in place of a trigger",
    "202 schedule.trigger run.retry",
)
def _(victim):
    confirmation = victim.waiting()
    answer = victim.confirm(confirmation, name="olga")
    asked = victim.asked("POST", f"/v1/runs/{answer.json['run_id']}/retry", name="olga")
    return f"{answer.status} {confirmation['operation']} {asked['operation']}"


@entered("TOTP-25", "backfilling a sensitive schedule, in place of a trigger", "schedule.backfill")
def _(victim):
    span = {"first": "2026-11-20T00:00:00Z", "last": "2026-11-21T23:00:00Z"}
    return victim.asked("POST", "/v1/schedules/payroll/backfills", span, name="olga")["operation"]


@entered("TOTP-26", "a code of letters, digits of another script, or two at once", "400 403 400")
def _(victim):
    confirmation = victim.waiting()
    one = victim.reply(confirmation, {"code": ["123456"]}).status
    two = victim.reply(confirmation, {"code": "١٢٣٤٥٦"}).status
    three = victim.reply(confirmation, {"code": "123456", "recovery_code": "x"}).status
    return f"{one} {two} {three}"


@entered("TOTP-27", "refused codes leave no trace", "2 refusals")
def _(victim):
    confirmation = victim.waiting()
    for _ in range(2):
        victim.confirm(confirmation, victim.wrong_code("olga"), "olga")
    found = [each for each in victim.database.audit.values() if each.action == "confirmation.confirm"]
    assert {each.outcome for each in found} == {"refused"}
    return f"{len(found)} refusals"


@entered("TOTP-28", "a new user by a token alone", "no such user")
def _(victim):
    victim.asked("POST", "/v1/users", {"user": "mallory", "roles": ["admin"]})
    return "no such user" if "mallory" not in victim.database.users else "a user"


@entered("TOTP-29", "a new role by a token alone", "no such role")
def _(victim):
    victim.asked("POST", "/v1/roles", {"role": "everything", "inherits": ["admin"]})
    return "no such role" if not victim.database.roles else "a role"


@entered("TOTP-30", "a stolen token changes the password", "still the same")
def _(victim):
    change = {
        "current_password": PASSWORD,
        "new_password": "mallory has a long one",  # pragma: allowlist secret
    }  # pragma: allowlist secret
    before = victim.database.users["olga"].password_hash
    victim.asked("POST", "/v1/me/password", change, name="olga")
    return "still the same" if victim.database.users["olga"].password_hash == before else "changed"


@entered(
    "TOTP-31",
    "an admin enrols for a user whose factor was reset, with their own password",
    "403 wrong_password",
)
def _(victim):
    assert victim.confirm(victim.asked("DELETE", "/v1/users/olga/totp")).status == 204
    return victim.by("olga", "POST", "/v1/me/totp", {"password": "the admin's own password"})


@entered("TOTP-32", "the seed can be read from the audit log or the facts", "nowhere")
def _(victim):
    rows = [dict(fact.value) for fact in victim.facts.rows.values()]
    told = str([victim.database.audit, rows, victim.log.lines])
    return "nowhere" if not any(seed in told for seed in victim.seeds.values()) else "somewhere"


def guesses(victim, count):
    confirmation = victim.waiting()
    for _ in range(count):
        assert victim.confirm(confirmation, victim.wrong_code("olga"), "olga").code == "code_refused"
    return victim.confirm(confirmation, name="olga")
