"""Attacks with tokens that were not given, not for this stack, or are over."""

import base64
import hmac
import json

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.attacks.attack import attack
from tests.fakes.tokens import LocalSigner

NO = "401 unauthenticated"


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def claims(victim, **changes):
    token = victim.token_of("admin", **changes)
    return jwt.decode(token, options={"verify_signature": False})


def key_id(victim):
    return victim.signer.ring.first_id()


def use(victim, token):
    return victim.call("GET", "/v1/schedules", token=token)


@attack("TOKEN-01", "no token", NO)
def _(victim):
    return use(victim, None)


@attack("TOKEN-02", "alg none, without a signature", NO)
def _(victim):
    return use(victim, f"{part({'alg': 'none', 'kid': key_id(victim)})}.{part(claims(victim))}.")


@attack("TOKEN-03", "HS256 with the public key as its secret", NO)
def _(victim):
    signed = f"{part({'alg': 'HS256', 'kid': key_id(victim)})}.{part(claims(victim))}"
    pem = victim.signer.private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    tag = base64.urlsafe_b64encode(hmac.digest(pem, signed.encode(), "sha256")).rstrip(b"=").decode()
    return use(victim, f"{signed}.{tag}")


@attack("TOKEN-04", "signed by another P-256 key under the right key id", NO)
def _(victim):
    stranger = ec.generate_private_key(ec.SECP256R1())
    return use(victim, jwt.encode(claims(victim), stranger, "ES256", headers={"kid": key_id(victim)}))


@attack("TOKEN-05", "signed by a key that the token brings along (jwk)", NO)
def _(victim):
    other = LocalSigner(victim.clock)
    header = {"jwk": other.key_set()["keys"][0], "kid": other.ring.first_id()}
    return use(victim, jwt.encode(claims(victim), other.private_key, "ES256", headers=header))


@attack("TOKEN-06", "a key set to be fetched from the attacker (jku, x5u)", NO)
def _(victim):
    other = LocalSigner(victim.clock)
    header = {
        "jku": "https://evil.example/keys",
        "x5u": "https://evil.example/c",
        "kid": other.ring.first_id(),
    }
    return use(victim, jwt.encode(claims(victim), other.private_key, "ES256", headers=header))


@attack("TOKEN-07", "another algorithm (RS256) under the right key id", NO)
def _(victim):
    stranger = rsa.generate_private_key(65537, 2048)
    return use(victim, jwt.encode(claims(victim), stranger, "RS256", headers={"kid": key_id(victim)}))


@attack("TOKEN-08", "claims changed under an old signature", NO)
def _(victim):
    header, _, signature = victim.token_of("vera").split(".")
    return use(victim, f"{header}.{part(claims(victim))}.{signature}")


@attack("TOKEN-09", "no key id", NO)
def _(victim):
    return use(victim, jwt.encode(claims(victim), victim.signer.private_key, "ES256"))


@attack("TOKEN-10", "expired by a second", NO)
def _(victim):
    token = victim.token_of("admin")
    victim.clock.advance(3601)
    return use(victim, token)


@attack("TOKEN-11", "without an end", NO)
def _(victim):
    return use(victim, victim.token_of("admin", exp=None))


@attack("TOKEN-12", "with an end that is a text", NO)
def _(victim):
    return use(victim, victim.token_of("admin", exp="99999999999"))


@attack("TOKEN-13", "issued an hour from now", NO)
def _(victim):
    now = int(victim.clock.now().timestamp())
    return use(victim, victim.token_of("admin", iat=now + 3600, exp=now + 7200))


@attack("TOKEN-14", "of another stack's name, with this stack's signature", NO)
def _(victim):
    return use(victim, victim.token_of("admin", iss="carillon-prod", aud="carillon-prod"))


@attack("TOKEN-15", "for somebody else's audience", NO)
def _(victim):
    return use(victim, victim.token_of("admin", aud="billing"))


@attack("TOKEN-16", "for many audiences, this stack among them", NO)
def _(victim):
    return use(victim, victim.token_of("admin", aud=["billing", "carillon-test"]))


@attack("TOKEN-17", "without a jti, so that it could not be revoked", NO)
def _(victim):
    return use(victim, victim.token_of("admin", jti=None))


@attack("TOKEN-18", "used after its owner logged out", NO)
def _(victim):
    token = victim.token_of("admin", jti="mine")
    assert victim.call("POST", "/v1/logout", token=token).status == 204
    return use(victim, token)


@attack("TOKEN-19", "one of another session, after logging out of all", NO)
def _(victim):
    other = victim.token_of("vera", jti="other")
    victim.clock.advance(1)
    assert victim.by("vera", "POST", "/v1/me/logout-everywhere").status == 204
    return use(victim, other)


@attack("TOKEN-20", "of a user who was disabled a moment ago", NO)
def _(victim):
    token = victim.token_of("vera")
    victim.give("vera", "viewer", enabled=False)
    return use(victim, token)


@attack("TOKEN-21", "of a user who was disabled and enabled again", NO)
def _(victim):
    token = victim.token_of("vera")
    victim.clock.advance(1)
    victim.give("vera", "viewer", enabled=False)
    victim.give("vera", "viewer")
    return use(victim, token)


@attack("TOKEN-22", "of a user who was deleted", NO)
def _(victim):
    token = victim.token_of("vera")
    assert victim.call("DELETE", "/v1/users/vera", headers={"if-match": '"1"'}).status == 204
    return use(victim, token)


@attack("TOKEN-23", "of a deleted user whose name was given to somebody new", NO)
def _(victim):
    token = victim.token_of("vera")
    victim.clock.advance(1)
    victim.call("DELETE", "/v1/users/vera", headers={"if-match": '"1"'})
    assert victim.call("POST", "/v1/users", {"user": "vera", "roles": ["admin"]}).status == 201
    return use(victim, token)


@attack("TOKEN-24", "of 5,000 characters", NO)
def _(victim):
    return use(victim, "x" * 5000)


@attack("TOKEN-25", "with a header nested 2,900 deep", NO)
def _(victim):
    return use(victim, f"{base64.urlsafe_b64encode(b'[' * 2900).decode()}.e30.e30")


@attack("TOKEN-26", "in the query in place of the header", NO)
def _(victim):
    return victim.call("GET", f"/v1/schedules?access_token={victim.token}", token=None)


@attack("TOKEN-27", "claiming an external issuer where none is configured", NO)
def _(victim):
    return use(victim, victim.token_of("admin", iss="https://login.example.com", aud="carillon"))


@attack("TOKEN-28", "this stack's signature over a name of an external user", NO)
def _(victim):
    victim.call("POST", "/v1/users", {"user": "oidc:ada", "kind": "external", "roles": ["admin"]})
    return use(victim, victim.token_of("oidc:ada"))


@attack("TOKEN-29", "by another issuer for this stack, with this stack's signature", NO)
def _(victim):
    return use(victim, victim.token_of("admin", iss="https://login.example.com"))
