"""Bearer tokens that do not open the door."""

import base64
import hmac
import json

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from carillon.domain.access import UserKind
from tests.fakes.tokens import LocalSigner


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def claims_of(world, **changes):
    return jwt.decode(world.token_of("admin", **changes), options={"verify_signature": False})


def unsigned(world):
    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims_of(world))}."


def signed_with_the_public_key(world):
    [key] = world.signer.key_set()["keys"]
    signed = f"{part({'alg': 'HS256', 'kid': key['kid'], 'typ': 'JWT'})}.{part(claims_of(world))}"
    pem = world.signer.private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    tag = base64.urlsafe_b64encode(hmac.digest(pem, signed.encode(), "sha256")).rstrip(b"=").decode()
    return f"{signed}.{tag}"


def signed_by_another_key(world):
    [key] = world.signer.key_set()["keys"]
    other = ec.generate_private_key(ec.SECP256R1())
    return jwt.encode(claims_of(world), other, algorithm="ES256", headers={"kid": key["kid"]})


def with_its_own_key(world):
    other = LocalSigner(world.clock)
    header = {"jwk": other.key_set()["keys"][0], "kid": other.ring.first_id()}
    return jwt.encode(claims_of(world), other.private_key, algorithm="ES256", headers=header)


def with_other_claims(world):
    header, _, signature = world.token.split(".")
    return f"{header}.{part(claims_of(world, sub='root'))}.{signature}"


def deep_header(world):
    return f"{base64.urlsafe_b64encode(b'[' * 2900).decode()}.e30.e30"


FORGED = [
    unsigned,
    signed_with_the_public_key,
    signed_by_another_key,
    with_its_own_key,
    with_other_claims,
    deep_header,
]


@pytest.mark.parametrize("forge", FORGED, ids=lambda forge: forge.__name__)
def test_a_forged_token_is_refused(world, forge):
    answer = world.call("GET", "/v1/schedules", token=forge(world))

    assert (answer.status, answer.code) == (401, "unauthenticated")


@pytest.mark.parametrize(
    "change",
    [
        {"exp": None}, {"iat": None}, {"sub": None}, {"iss": None}, {"aud": None}, {"jti": None},
        {"exp": "9999999999"}, {"iss": "other"}, {"aud": "other"}, {"sub": "nobody"}, {"sub": 7}, {"exp": 1},
    ],
    ids=str,
)  # fmt: skip
def test_a_signed_token_with_wrong_claims_is_refused(world, change):
    answer = world.call("GET", "/v1/schedules", token=world.token_of("admin", **change))

    assert (answer.status, answer.code) == (401, "unauthenticated")


HEADERS = ["", "Bearer", "Bearer ", "Basic YWRtaW46cHc=", "Bearer a.b", "Bearer " + "x" * 5000, "Bearer \x00"]


@pytest.mark.parametrize("header", HEADERS, ids=range(len(HEADERS)))
def test_a_header_without_a_token_is_refused_with_how_to_get_one(world, header):
    answer = world.call("GET", "/v1/schedules", token=None, headers={"authorization": header})

    assert (answer.status, answer.code) == (401, "unauthenticated")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/schedules"), ("POST", "/v1/schedules"), ("GET", "/v1/schedules/x"), ("PUT", "/v1/schedules/x"),
        ("DELETE", "/v1/schedules/x"), ("POST", "/v1/schedules/x/pause"), ("POST", "/v1/schedules/x/resume"),
        ("POST", "/v1/schedules/x/trigger"), ("GET", "/v1/schedules/x/runs"), ("GET", "/v1/runs/x"),
        ("GET", "/nothing"), ("POST", "/v1/health"), ("GET", "/v1/health/"), ("GET", "/v1/heal%74h"),
    ],
)  # fmt: skip
def test_every_address_but_the_public_ones_asks_for_a_token_first(world, method, path):
    answer = world.call(method, path, token=None)

    assert (answer.status, answer.code) == (401, "unauthenticated")
    assert "POST /v1/login" in answer.json["detail"]


def test_keys_are_looked_up_again_at_most_every_five_minutes(world):
    loads = []
    load = world.signer.ring._load
    world.signer.ring._load = lambda: loads.append(1) or load()
    stranger = with_its_own_key(world)
    for _ in range(3):
        world.call("GET", "/v1/schedules", token=stranger)
    assert loads == []
    world.clock.advance(300)
    for _ in range(3):
        world.call("GET", "/v1/schedules", token=stranger)
    assert loads == [1]


def test_a_token_of_our_own_for_somebody_of_another_issuer_opens_nothing(world):
    world.add_user("dora", roles=("admin",))
    assert world.call("GET", "/v1/me", token=world.token_of("dora")).status == 200

    world.add_user("dora", roles=("admin",), kind=UserKind.EXTERNAL)
    assert world.call("GET", "/v1/me", token=world.token_of("dora")).status == 401


def test_the_word_bearer_is_read_in_any_case(world):
    for scheme, status in (("bearer", 200), ("BEARER", 200), ("Basic", 401)):
        headers = {"authorization": f"{scheme} {world.token}"}
        assert world.call("GET", "/v1/me", token=None, headers=headers).status == status


@pytest.mark.parametrize("token", [..., None])
def test_a_stage_of_another_name_is_no_part_of_an_address(world, token):
    context = {
        "http": {"method": "GET", "path": "/prod/v1/me", "sourceIp": "192.0.2.7"},
        "requestId": "request-1",
        "stage": "prod",
    }
    for path, public in (("/v1/me", False), ("/v1/health", True)):
        there = context | {"http": context["http"] | {"path": f"/prod{path}"}}
        answer = world.call("GET", f"/prod{path}", token=token, requestContext=there)
        assert answer.status == (200 if public or token is ... else 401)
