"""The second factor: enrolled, asked for, good once, locked, lost."""

import re
from dataclasses import replace

import pytest

from carillon.services.bootstrap_admin import BootstrapAdmin
from carillon.services.journal import Journal
from tests.contract.builders import ended
from tests.fakes.memory import MemoryAccess
from tests.functions.api.guarded import GuardedWorld
from tests.functions.api.world import MINIMAL, PASSWORD

TRIGGER = "/v1/schedules/payroll/trigger"


@pytest.fixture
def world():
    return GuardedWorld()


def test_an_enrolment_shows_the_seed_as_text_address_and_drawing(world):
    world.add_user("ada")

    made = world.by("ada", "POST", "/v1/me/totp", {"password": PASSWORD}).json

    assert re.fullmatch(r"[A-Z2-7]{32}", made["secret"])
    assert made["otpauth_uri"] == (
        f"otpauth://totp/carillon-test:ada?secret={made['secret']}&issuer=carillon-test&digits=6&period=30"
    )
    assert made["qr_svg"].startswith("<svg ")
    assert world.by("ada", "GET", "/v1/me/totp").json["is_active"] is False


def test_recovery_codes_are_stored_as_digests(world):
    world.add_user("ada")
    codes = world.enrol("ada")

    stored = world.factors.rows["ada"].recovery

    assert len(stored) == 10
    assert all(re.fullmatch(r"[0-9a-f]{64}", each) for each in stored)
    assert not set(stored) & set(codes)


def test_a_sensitive_schedule_runs_only_once_it_is_confirmed(world):
    world.sensitive()
    confirmation = world.asked("POST", TRIGGER)
    assert (confirmation["sentence"], confirmation["reason"]) == (
        "Run the job of the schedule payroll once, now (version 1).",
        "The schedule is marked sensitive.",
    )
    assert world.database.runs == {}

    answer = world.confirm(confirmation)

    assert (answer.status, answer.json["state"]) == (202, "QUEUED")
    [entry] = [each for each in world.database.audit.values() if each.action == "schedule.trigger"]
    assert (entry.actor, entry.confirmed_by) == ("admin", "totp of admin")
    assert world.call("GET", f"/v1/confirmations/{confirmation['confirmation_id']}").json["state"] == "done"


def test_a_body_that_is_too_long_to_wait_is_refused_and_nobody_is_asked(world):
    world.sensitive()
    assert world.call("POST", TRIGGER, {"payload": "x" * 30_000}).status == 202

    answer = world.call("POST", TRIGGER, {"payload": "x" * 66_000})

    assert (answer.status, list(answer.fields)) == (400, ["(body)"])
    assert "65536 bytes" in answer.fields["(body)"]
    assert len(world.call("GET", "/v1/confirmations").json["items"]) == 1


def test_an_edit_between_the_code_and_the_deed_leaves_it_undone(world):
    world.sensitive()
    confirmation = world.asked("POST", TRIGGER)

    def edit_meanwhile(operation):
        performing = [fact for fact in world.facts.rows.values() if fact.value.get("state") == "performing"]
        if operation == "swap_fact" and performing:
            world.database.heads["payroll"] = replace(world.database.heads["payroll"], head_version=2)

    world.database.after = edit_meanwhile

    assert world.confirm(confirmation).code == "version_mismatch"
    assert world.database.runs == {}


def test_a_code_is_good_once(world):
    world.sensitive()
    code = world.code()
    assert world.confirm(world.asked("POST", TRIGGER), code).status == 202

    assert world.confirm(world.asked("POST", TRIGGER), code).code == "code_refused"
    assert len(world.database.runs) == 1


def test_what_waits_is_listed_and_a_declined_operation_is_gone(world):
    world.sensitive()
    confirmation = world.asked("POST", TRIGGER)
    path = f"/v1/confirmations/{confirmation['confirmation_id']}"
    assert world.call("GET", "/v1/confirmations").json["items"] == [confirmation]

    assert world.call("POST", path, {"decline": True}).json["state"] == "declined"

    assert world.confirm(confirmation).code == "confirmation_ended"
    assert world.call("GET", "/v1/confirmations").json["items"] == []
    assert world.database.runs == {}


def test_a_confirmation_ends_after_five_minutes(world):
    world.sensitive()
    confirmation = world.asked("POST", TRIGGER)
    world.clock.advance(300)

    assert world.confirm(confirmation).code == "confirmation_ended"
    assert (
        world.call("GET", f"/v1/confirmations/{confirmation['confirmation_id']}").json["state"] == "expired"
    )


def test_a_schedule_that_changed_since_is_asked_about_again(world):
    world.sensitive()
    confirmation = world.asked("POST", TRIGGER)
    assert world.call("POST", "/v1/schedules/payroll/pause").status == 200

    assert world.confirm(confirmation).code == "version_mismatch"


def test_a_right_that_was_taken_away_since_is_missed_at_the_confirmation(world):
    world.sensitive()
    world.add_user("olga", roles=("operator",))
    world.enrol("olga")
    confirmation = world.asked("POST", TRIGGER, name="olga")
    world.add_user("olga", roles=("viewer",))

    assert world.confirm(confirmation, name="olga").code == "forbidden"
    assert world.database.runs == {}


def test_without_a_second_factor_a_risky_operation_is_refused_with_how_to_get_one(world):
    world.sensitive()
    world.add_user("olga", roles=("operator",))

    refused = world.by("olga", "POST", TRIGGER)

    assert (refused.status, refused.code) == (403, "second_factor_required")
    assert "/v1/me/totp" in refused.json["detail"]


def test_a_low_risk_operation_runs_directly(world):
    world.create()

    assert world.call("POST", "/v1/schedules/nightly-etl/trigger").status == 202
    assert world.call("GET", "/v1/confirmations").json["items"] == []


def test_five_misses_lock_and_the_lock_grows(world):
    world.sensitive()
    seen = []
    for _ in range(4):
        confirmation = world.asked("POST", TRIGGER)
        for _ in range(5):
            assert world.confirm(confirmation, world.wrong_code()).code == "code_refused"
        locked = world.confirm(confirmation)
        assert (locked.status, locked.code) == (429, "second_factor_locked")
        seen.append(int(locked.headers["retry-after"]))
        world.clock.advance(seen[-1])

    assert seen == [900, 3600, 3600, 86400]
    assert [name for name, *_ in world.metrics.told] == ["SecondFactorLocked"] * 4
    assert world.confirm(world.asked("POST", TRIGGER)).status == 202


def test_a_recovery_code_confirms_once(world):
    world.sensitive()
    world.add_user("olga", roles=("operator",))
    code, *_ = world.enrol("olga")
    path = "/v1/confirmations/{}"

    first = world.asked("POST", TRIGGER, name="olga")
    again = world.asked("POST", TRIGGER, name="olga")
    reply = {"recovery_code": code.upper().replace("-", " ")}
    assert world.by("olga", "POST", path.format(first["confirmation_id"]), reply).status == 202
    assert world.by("olga", "POST", path.format(again["confirmation_id"]), reply).code == "code_refused"
    assert world.by("olga", "GET", "/v1/me/totp").json["recovery_codes_left"] == 9


def test_a_new_factor_needs_a_code_of_the_old_one(world):
    question = {"password": PASSWORD}
    assert world.call("POST", "/v1/me/totp", question).code == "code_refused"

    assert world.call("POST", "/v1/me/totp", {**question, "code": world.code()}).status == 201


def test_an_admin_takes_a_lost_factor_away_after_confirming_it(world):
    world.add_user("ada")
    world.enrol("ada")

    confirmation = world.asked("DELETE", "/v1/users/ada/totp")
    assert world.confirm(confirmation).status == 204

    assert world.by("ada", "GET", "/v1/me/totp").json["is_active"] is False


def test_a_reset_takes_the_lock_of_wrong_codes_away_too(world):
    world.add_user("ada", roles=("viewer",))
    world.enrol("ada")
    for _ in range(5):
        world.by("ada", "POST", "/v1/me/totp", {"password": PASSWORD, "code": world.wrong_code("ada")})
    locked = world.by("ada", "POST", "/v1/me/totp", {"password": PASSWORD, "code": world.code("ada")})
    assert locked.code == "second_factor_locked"

    assert world.confirm(world.asked("DELETE", "/v1/users/ada/totp")).status == 204

    assert len(world.enrol("ada")) == 10


def test_a_run_of_a_sensitive_schedule_is_repeated_only_as_it_was_when_that_was_asked_for(world):
    created = world.sensitive()
    now = world.clock.now()
    run = ended("payroll", now)
    world.database.runs[run.run_id] = run
    confirmation = world.asked("POST", f"/v1/runs/{run.run_id}/retry")
    edit = {"timetable": {"expression": "@hourly"}, "job": MINIMAL["job"], "sensitive": True}
    asked = world.asked("PUT", "/v1/schedules/payroll", edit, headers={"if-match": created.headers["etag"]})
    assert world.confirm(asked).status == 200

    assert world.confirm(confirmation, world.next_code()).code == "version_mismatch"
    assert list(world.database.runs) == [run.run_id]


def test_the_operator_lets_an_admin_in_again_who_lost_the_factor_too(world):
    admins = MemoryAccess(world.database)
    bootstrap = BootstrapAdmin(admins, world.clock, world.chance, Journal(world.chance), world.factors)

    bootstrap("admin", reset=True)
    world.clock.advance(1)

    world.token = world.token_of("admin")
    assert world.call("GET", "/v1/me/totp").json["is_active"] is False


def test_what_a_machine_asks_for_is_confirmed_by_a_member_of_the_role_and_done_by_the_machine(world):
    world.sensitive()
    world.machine("operator")
    world.add_user("ed", roles=("editor",))
    world.enrol("ed")
    confirmation = world.asked("POST", TRIGGER, name="bot")
    assert confirmation["confirmed_by_role"] == "operator"
    assert world.confirm(confirmation, name="ed").code == "confirmation_not_found"
    assert world.by("bot", "GET", "/v1/confirmations").json["items"] == []

    assert world.call("GET", "/v1/confirmations").json["items"] == [confirmation]
    assert world.confirm(confirmation).status == 202

    [entry] = [each for each in world.database.audit.values() if each.action == "schedule.trigger"]
    assert (entry.actor, entry.confirmed_by) == ("bot", "totp of admin")


def test_a_machine_that_asks_for_much_takes_no_other_ones_place(world):
    world.sensitive()
    for name in ("bot", "other"):
        world.machine("operator", name=name)
    path = "/v1/runs/payroll%4020261122T020000Z/retry"
    for _ in range(20):
        world.asked("POST", path, name="bot")
    assert world.by("bot", "POST", path).code == "too_many_confirmations"

    assert world.asked("POST", path, name="other")["asked_by"] == "other"
    assert len(world.call("GET", "/v1/confirmations").json["items"]) == 21


def test_a_user_is_created_in_two_steps_and_the_secret_is_shown_to_who_confirms(world):
    confirmation = world.asked("POST", "/v1/users", {"user": "ada", "roles": ["viewer"]})
    assert confirmation["sentence"] == "Create the user ada (person) with the role viewer."

    answer = world.confirm(confirmation)

    assert (answer.status, bool(answer.json["password"])) == (201, True)
    assert answer.json["password"] not in str(world.facts.rows)


def test_an_edit_of_a_sensitive_schedule_says_every_change(world):
    created = world.sensitive()
    job = {"target": {"kind": "http", "url": "https://evil.example/"}}
    document = {"timetable": {"expression": "@hourly"}, "job": job}
    if_match = {"if-match": created.headers["etag"]}

    confirmation = world.asked("PUT", "/v1/schedules/payroll", document, headers=if_match)

    assert "sensitive from True to False" in confirmation["sentence"]
    assert (
        "job.target.url from 'https://example.com/etl' to 'https://evil.example/'" in confirmation["sentence"]
    )
    assert world.confirm(confirmation).status == 200


def test_tries_while_codes_are_locked_are_on_record_too(world):
    world.sensitive()
    confirmation = world.asked("POST", TRIGGER)
    for _ in range(5):
        assert world.confirm(confirmation, world.wrong_code()).code == "code_refused"
    assert world.confirm(confirmation).code == "second_factor_locked"

    entry = list(world.database.audit.values())[-1]
    assert (entry.actor, entry.action, entry.object) == ("admin", "confirmation.confirm", "user:admin")
    assert (entry.outcome, entry.details["code"]) == ("refused", "second_factor_locked")
    assert confirmation["confirmation_id"] in entry.details["operation"]


def test_an_operation_that_is_refused_once_it_is_confirmed_has_ended(world):
    world.sensitive()
    world.add_user("op", roles=("operator",))
    world.enrol("op")
    confirmation = world.asked("POST", TRIGGER, name="op")
    world.add_user("op", roles=("viewer",))

    assert world.confirm(confirmation, name="op").code == "forbidden"

    shown = world.by("op", "GET", f"/v1/confirmations/{confirmation['confirmation_id']}").json
    assert (shown["state"], shown["answer_status"]) == ("done", 403)
    assert world.database.runs == {}


WITH_SECRETS = {
    "kind": "http",
    "url": "https://example.com/etl",
    "headers": {"Authorization": "Bearer ${secrets.TOKEN}", "X-Api-Key": "written-in-clear"},
}


def said_of_an_edit(world, *, secrets=None, url=None, headers=None, **changes):
    """What the confirmation of an edit says, of a sensitive schedule with a secret."""
    job = {"target": WITH_SECRETS, "secrets": {"TOKEN": "first-value"}}  # pragma: allowlist secret
    created = world.create(schedule_id="payroll", sensitive=True, job=job)
    target = {**WITH_SECRETS, "url": url or WITH_SECRETS["url"]}
    target["headers"] = {**WITH_SECRETS["headers"], **(headers or {})}
    document = {"timetable": {"expression": "30 2 * * *"}, "sensitive": True}
    document |= {"job": {"target": target, "secrets": secrets or {}}, **changes}
    if_match = {"if-match": created.headers["etag"]}
    return world.asked("PUT", "/v1/schedules/payroll", document, headers=if_match)["sentence"]


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        ({}, "nothing but a new revision"),
        ({"secrets": {"TOKEN": "other-value"}}, "job.secrets.TOKEN to a new value"),
        (
            {"secrets": {"TOKEN": None}, "headers": {"Authorization": "none"}},
            "job.secrets.TOKEN is taken away",
        ),
        (
            {"url": "https://evil.example/"},
            "job.secrets.TOKEN is cleared, because it would go to another target",
        ),
        ({"headers": {"X-Api-Key": "another"}}, "job.target.headers.X-Api-Key to another secret value"),
    ],
    ids=str,
)
def test_a_confirmation_says_what_becomes_of_secrets_and_shows_none(world, edit, told):
    sentence = said_of_an_edit(world, **edit)
    assert told in sentence
    assert not any(
        value in sentence for value in ("first-value", "other-value", "written-in-clear", "another.")
    )
    assert "job.secrets.TOKEN from" not in sentence


def test_no_number_of_other_changes_hides_what_an_edit_has_called(world):
    tags = {f"tag{number}": "x" for number in range(20)}
    sentence = said_of_an_edit(world, tags=tags, url="https://example.com/evil")
    first = sentence.partition(": ")[2].partition("; ")[0]
    assert first == "job.target.url from 'https://example.com/etl' to 'https://example.com/evil'"
    assert "tags.tag19" in sentence


def test_a_sensitive_schedule_whose_revision_cannot_be_read_can_be_mended(world):
    created = world.sensitive()
    del world.database.revisions["payroll", 1]
    document = {"timetable": {"expression": "@hourly"}, "job": {"target": WITH_SECRETS | {"headers": {}}}}
    asked = world.asked(
        "PUT", "/v1/schedules/payroll", document, headers={"if-match": created.headers["etag"]}
    )
    assert world.confirm(asked).status == 200


def test_a_body_that_is_not_valid_is_refused_before_anybody_is_asked(world):
    world.sensitive()

    assert world.call("PUT", "/v1/schedules/payroll", {"job": {}}).status == 400
    assert world.call("POST", "/v1/users", {"user": "NOT VALID"}).status == 400
    assert world.call("GET", "/v1/confirmations").json["items"] == []


def test_a_password_given_for_one_use_is_changed_without_a_second_factor(world):
    world.add_user("ada", must_change_password=True)
    change = {
        "current_password": PASSWORD,
        "new_password": "another long passphrase",  # pragma: allowlist secret
    }  # pragma: allowlist secret

    assert world.by("ada", "POST", "/v1/me/password", change).status == 204
    world.add_user("ada")
    assert world.by("ada", "POST", "/v1/me/password", change).code == "second_factor_required"


def test_the_twenty_sixth_pause_within_ten_minutes_needs_a_confirmation(world):
    world.create()
    for _ in range(25):
        assert world.call("POST", "/v1/schedules/nightly-etl/pause").status == 200

    assert world.asked("POST", "/v1/schedules/nightly-etl/pause")["operation"] == "schedule.pause"


def test_a_backfill_of_many_fire_times_needs_a_confirmation_and_a_dry_run_none(world):
    world.create(timetable={"expression": "* * * * *"})
    span = {"first": "2026-11-21T00:00:00Z", "last": "2026-11-21T02:00:00Z"}
    path = "/v1/schedules/nightly-etl/backfills"

    assert world.call("POST", path, {**span, "dry_run": True}).status == 200
    confirmation = world.asked("POST", path, span)
    assert confirmation["reason"].startswith("It makes up to 121 runs")
    assert world.confirm(confirmation).json["progress"]["fire_times"] == 121


def test_every_operation_of_the_risk_table_is_one_that_the_api_has():
    from api.operations import OPERATIONS
    from carillon.domain.risk import RISKS

    assert RISKS.keys() <= {operation.name for operation in OPERATIONS.values()}


def test_whatever_changes_something_is_in_the_table_of_operations(world):
    from api.admission import PUBLIC
    from api.operations import OPERATIONS

    paths = world.call("GET", "/openapi.json", token=None).json["paths"]
    changing = {
        f"{method.upper()} {path}"
        for path, methods in paths.items()
        for method in methods
        if method != "get" and (method.upper(), path) not in PUBLIC
    }
    assert changing == OPERATIONS.keys()
