"""Another issuer's tokens, against a real one on this machine whose keys change."""

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from carillon.adapters import oidc
from carillon.adapters.oidc import OidcVerifier
from carillon.services.authenticate import Issuer
from tests.functions.api.world import ApiWorld

RSA_KEY = rsa.generate_private_key(65537, 2048)
AUDIENCE = "carillon-test-client"


class LocalIssuer:
    """Discovery and key set over HTTP; `keys` can be changed, `broken` answers 500."""

    def __init__(self):
        self.keys = {"rsa-1": RSA_KEY}
        self.requests, self.broken, self.changes, self.public = [], False, {}, {}
        issuer = self

        class Door(BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.requests.append(self.path)
                body = json.dumps(issuer.answer(self.path)).encode()
                self.send_response(500 if issuer.broken else 200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.name = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def answer(self, path):
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.name, "jwks_uri": f"{self.name}/keys", **self.changes}
        return {"keys": [self.jwk(key_id, key) for key_id, key in self.keys.items()]}

    def jwk(self, key_id, key):
        kind = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
        return {**kind.to_jwk(key.public_key(), as_dict=True), "kid": key_id, "use": "sig", **self.public}


@pytest.fixture
def issuer(monkeypatch):
    # How long an issuer is given is not what these tests are about.
    monkeypatch.setattr(oidc, "TIMEOUT_SECONDS", 60)
    made = LocalIssuer()
    yield made
    made.stop()


class Federated(ApiWorld):
    """A stack that accepts the issuer's tokens; its group `ops` are operators here."""

    def __init__(self, issuer):
        self.issuer = issuer
        super().__init__()

    def issuers(self):
        verifier = OidcVerifier(self.issuer.name, self.clock)
        roles = {"ops": "operator", "admins": "admin"}
        return (Issuer(self.issuer.name, verifier, AUDIENCE, "realm.groups", roles),)

    def external(self, key_id="rsa-1", *, key=None, algorithm=None, **changes):
        now = int(self.clock.now().timestamp())
        claims = {"iss": self.issuer.name, "aud": AUDIENCE, "sub": "ada", "iat": now, "exp": now + 600}
        claims = {**claims, "realm": {"groups": ["ops", "other"]}, **changes}
        key = key or self.issuer.keys[key_id]
        algorithm = algorithm or ("RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256")
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(claims, key, algorithm, headers={"kid": key_id} if key_id else None)

    def me(self, token):
        return self.call("GET", "/v1/me", token=token)


@pytest.fixture
def federated(issuer):
    return Federated(issuer)


def test_a_token_of_the_issuer_opens_the_door_with_the_roles_of_its_groups(federated):
    me = federated.me(federated.external()).json

    assert (me["user"], me["kind"], me["method"], me["roles"]) == (
        "oidc:ada",
        "external",
        "oidc",
        ["operator"],
    )
    assert federated.issuer.requests == ["/.well-known/openid-configuration", "/keys"]


def test_a_token_for_several_audiences_names_this_one_among_them(federated):
    assert federated.me(federated.external(aud=["billing", AUDIENCE])).status == 200


def test_elliptic_curve_keys_sign_es256(federated):
    federated.issuer.keys["ec-1"] = ec.generate_private_key(ec.SECP256R1())
    assert federated.me(federated.external("ec-1")).status == 200


def test_a_key_that_is_new_is_found_and_one_that_is_gone_is_refused_within_the_hour(federated):
    old = federated.external(exp=int(federated.clock.now().timestamp()) + 7200)
    assert federated.me(old).status == 200
    federated.issuer.keys = {"ec-2": ec.generate_private_key(ec.SECP256R1())}
    assert federated.me(federated.external("ec-2")).status == 401
    federated.clock.advance(300)
    assert federated.me(federated.external("ec-2")).status == 200
    assert federated.me(old).status == 401


def test_a_key_that_is_withdrawn_is_forgotten_after_an_hour_although_nobody_shows_a_new_one(federated):
    token = federated.external(exp=int(federated.clock.now().timestamp()) + 9000)
    assert federated.me(token).status == 200
    federated.issuer.keys = {"rsa-2": rsa.generate_private_key(65537, 2048)}
    federated.clock.advance(3599)
    assert federated.me(token).status == 200
    federated.clock.advance(1)
    assert federated.me(token).status == 401


def test_tokens_with_invented_key_ids_are_asked_about_once_in_five_minutes(federated):
    federated.me(federated.external())
    for number in range(20):
        assert federated.me(federated.external(f"x{number}", key=RSA_KEY)).status == 401
    assert len(federated.issuer.requests) == 2
    federated.clock.advance(300)
    for number in range(20):
        federated.me(federated.external(f"x{number}", key=RSA_KEY))
    assert len(federated.issuer.requests) == 4


def test_known_keys_go_on_while_the_issuer_is_down_and_without_any_the_answer_is_503(federated):
    federated.issuer.broken = True
    assert federated.me(federated.external()).status == 503
    federated.issuer.broken = False
    federated.clock.advance(300)
    assert federated.me(federated.external()).status == 200
    federated.issuer.broken = True
    federated.clock.advance(3600)
    assert federated.me(federated.external()).status == 200


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "billing"}, {"aud": ["billing"]}, {"aud": None}, {"exp": None}, {"exp": 1}, {"iat": None},
        {"sub": None}, {"sub": "a b"}, {"sub": "x" * 200}, {"sub": ""}, {"nbf": 4102444800},
        {"key_id": None, "key": RSA_KEY}, {"key": rsa.generate_private_key(65537, 2048)}, {"algorithm": "RS512"},
        {"algorithm": "PS256"},
    ],
    ids=",".join,
)  # fmt: skip
def test_a_token_that_is_not_quite_right_is_refused(federated, change):
    answer = federated.me(federated.external(**change))

    assert (answer.status, answer.code) == (401, "unauthenticated")


def test_the_issuer_cannot_speak_for_this_stacks_own_users(federated):
    assert federated.me(federated.external(sub="admin")).json["user"] == "oidc:admin"
    now = int(federated.clock.now().timestamp())
    forged = jwt.encode(
        {
            "iss": "carillon-test",
            "aud": "carillon-test",
            "sub": "admin",
            "iat": now,
            "exp": now + 60,
            "jti": "x",
        },
        RSA_KEY,
        "RS256",
        headers={"kid": "rsa-1"},
    )
    assert federated.me(forged).status == 401


@pytest.mark.parametrize(
    ("public", "keys"),
    [
        ({"use": "enc"}, {}),
        ({"alg": "RS512"}, {}),
        ({}, {"rsa-1": rsa.generate_private_key(65537, 1024)}),
        ({}, {"rsa-1": ec.generate_private_key(ec.SECP384R1())}),
    ],
    ids=["for encryption", "for another algorithm", "too short", "another curve"],
)
def test_a_key_that_is_not_meant_or_not_fit_for_signing_is_not_used(federated, public, keys):
    token = federated.external()
    federated.issuer.public, federated.issuer.keys = public, keys or federated.issuer.keys
    assert federated.me(token).status == 503


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://other.example"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "http://192.0.2.1/keys"},
    ],
    ids=["another issuer", "a file", "plain http"],
)
def test_a_discovery_document_that_leads_elsewhere_is_not_followed(federated, changes):
    federated.issuer.changes = changes
    assert federated.me(federated.external()).status == 503


def test_an_external_user_can_be_disabled_and_given_roles_here(federated):
    token = federated.external()
    document = {"user": "oidc:ada", "kind": "external", "roles": ["viewer"]}
    assert federated.call("POST", "/v1/users", document).status == 201
    federated.clock.advance(1)
    token = federated.external()
    assert federated.me(token).json["roles"] == ["operator", "viewer"]
    edit = {"roles": [], "enabled": False}
    assert federated.call("PUT", "/v1/users/oidc:ada", edit, headers={"if-match": '"1"'}).status == 200
    assert federated.me(token).status == 401


@pytest.mark.parametrize("jti", [None, "a"], ids=["without a jti", "with a jti"])
def test_an_external_token_is_revoked_by_logging_out(federated, jti):
    token, other = federated.external(jti=jti), federated.external(jti=jti and "b", sub="bob")
    assert federated.call("POST", "/v1/logout", token=token).status == 204
    assert federated.me(token).status == 401
    assert federated.me(other).status == 200


def test_logging_out_everywhere_refuses_older_tokens_of_the_issuer(federated):
    token = federated.external()
    federated.clock.advance(1)
    assert federated.call("POST", "/v1/me/logout-everywhere", token=token).status == 204
    assert federated.me(token).status == 401
    federated.clock.moment += timedelta(seconds=1)
    assert federated.me(federated.external()).status == 200
