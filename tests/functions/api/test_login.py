"""Login, and what a token opens."""

from dataclasses import replace
from datetime import timedelta

import jwt
import pytest

from carillon.domain.access import UserKind
from carillon.domain.token_claims import LIFETIME
from tests.functions.api.world import ISSUER, PASSWORD


def login(world, user="admin", password=PASSWORD, **more):
    return world.call("POST", "/v1/login", {"user": user, "password": password}, token=None, **more)


def test_a_login_gives_a_bearer_token_for_an_hour(world):
    answer = login(world)

    assert answer.status == 200
    assert answer.json["token_type"] == "Bearer"
    assert answer.json["expires_at"] == "2026-11-22T03:00:00Z"
    assert world.call("GET", "/v1/schedules", token=answer.json["token"]).status == 200


def test_anybody_can_verify_a_token_with_the_published_key_set(world):
    keys = world.call("GET", "/.well-known/jwks.json", token=None)
    token = login(world).json["token"]

    [key] = keys.json["keys"]
    assert (key["alg"], key["use"], key["kty"], key["crv"]) == ("ES256", "sig", "EC", "P-256")
    assert "d" not in key
    assert jwt.get_unverified_header(token)["kid"] == key["kid"]
    claims = jwt.decode(
        token,
        jwt.PyJWK(key),
        algorithms=["ES256"],
        audience=ISSUER,
        options={"verify_exp": False, "verify_iat": False},
    )
    assert claims["sub"] == "admin"


def test_a_wrong_password_and_an_unknown_user_get_the_same_answer(world):
    wrong, unknown = login(world, password="wrong"), login(world, user="nobody")

    assert (wrong.status, wrong.code) == (401, "login_failed")
    assert wrong.text == unknown.text
    assert wrong.headers == unknown.headers


def test_a_disabled_user_cannot_log_in(world):
    world.add_user("eve", enabled=False)

    assert login(world, user="eve").code == "login_failed"


@pytest.mark.parametrize("same", ["user", "address"])
def test_after_ten_failures_the_window_is_closed_also_for_the_right_password(world, same):
    for number in range(10):
        world.add_user(f"user-{number}")
        name = "admin" if same == "user" else f"user-{number}"
        assert login(world, user=name, password="wrong").status == 401  # pragma: allowlist secret

    answer = login(world)

    assert (answer.status, answer.code) == (429, "login_throttled")
    assert answer.headers["retry-after"] == "900"
    world.clock.advance(901)
    assert login(world).status == 200


def test_the_failures_of_one_user_do_not_close_another_from_elsewhere(world):
    world.add_user("eve")
    for _ in range(10):
        login(world, user="eve", password="wrong", source="198.51.100.9")  # pragma: allowlist secret

    assert login(world).status == 200


@pytest.mark.parametrize(
    "document", [{}, {"user": "admin"}, {"user": "", "password": ""}, {"user": 1, "password": []}]
)
def test_a_login_without_its_fields_names_them(world, document):
    answer = world.call("POST", "/v1/login", document, token=None)

    assert (answer.status, answer.code) == (400, "invalid_input")
    assert set(answer.fields) >= {"password"}


def test_a_login_does_not_take_other_fields(world):
    answer = world.call(
        "POST", "/v1/login", {"user": "admin", "password": PASSWORD, "role": "admin"}, token=None
    )

    assert (answer.status, list(answer.fields)) == (400, ["role"])


def test_a_token_from_before_a_password_change_is_refused_and_a_new_one_is_not(world):
    world.clock.advance(0.4)
    old = login(world).json["token"]
    changed = replace(
        world.database.users["admin"], tokens_valid_from=world.clock.now() + timedelta(seconds=0.6)
    )
    world.database.users["admin"] = changed

    new = login(world).json["token"]

    assert world.call("GET", "/v1/schedules", token=old).code == "unauthenticated"
    assert world.call("GET", "/v1/schedules", token=new).status == 200


def test_a_token_ends_after_its_lifetime(world):
    token = login(world).json["token"]
    world.clock.advance(LIFETIME.total_seconds() - 1)
    assert world.call("GET", "/v1/schedules", token=token).status == 200
    world.clock.advance(1)

    answer = world.call("GET", "/v1/schedules", token=token)

    assert (answer.status, answer.code) == (401, "unauthenticated")
    assert "log in again" in answer.json["detail"]
    assert answer.headers["www-authenticate"] == "Bearer"


def test_disabling_a_user_or_taking_a_role_takes_effect_on_the_next_request(world):
    world.create()
    world.database.users["admin"] = replace(world.database.users["admin"], roles=())
    assert world.call("POST", "/v1/schedules/nightly-etl/trigger").code == "forbidden"
    world.database.users["admin"] = replace(world.database.users["admin"], enabled=False)
    assert world.call("GET", "/v1/schedules").code == "unauthenticated"


def test_a_machine_may_be_let_change_its_own_key_and_nobody_elses(world):
    own = [{"resource": "users", "actions": ["edit"], "scope": "owner"}]
    assert world.call("POST", "/v1/roles", {"role": "own-key", "permissions": own}).status == 201
    for name in ("bot", "other"):
        world.add_user(name, roles=("own-key",), kind=UserKind.SERVICE)
    token = world.token_of("bot")

    assert world.call("POST", "/v1/users/bot/keys", token=token).status == 201
    assert world.call("POST", "/v1/users/other/keys", token=token).status == 403
