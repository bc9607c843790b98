"""Another issuer's tokens: its keys, found by discovery under its one fixed address, each for one algorithm.

Keys are kept an hour, and looked up again for an unknown key id; at most every five minutes, whatever comes. While the
issuer does not answer, the keys that are known go on.
"""

import http.client
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from carillon.adapters.tokens import SIGNATURE_ONLY
from carillon.domain.errors import Unauthenticated, Unavailable
from carillon.ports.world import Clock

REFRESH_AFTER: Final = timedelta(minutes=5)
KEPT_FOR: Final = timedelta(hours=1)
MAX_BYTES: Final = 256 * 1024
MAX_KEYS: Final = 50
MIN_RSA_BITS: Final = 2048
TIMEOUT_SECONDS: Final = 3
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost"})

PublicKey = RSAPublicKey | EllipticCurvePublicKey


class OidcVerifier:
    """A TokenVerifier over the keys of one issuer: RS256 with its RSA keys, ES256 with its P-256 keys."""

    def __init__(self, issuer: str, clock: Clock) -> None:
        self._issuer = issuer
        self._clock = clock
        self._keys: Mapping[str, tuple[PublicKey, str]] = {}
        self._loaded_at: datetime | None = None
        self._tried_at: datetime | None = None

    def verify(self, token: str) -> Mapping[str, Any]:
        """The claims of a token signed by one of the issuer's keys; Unauthenticated, Unavailable without any key."""
        try:
            header = jwt.get_unverified_header(token)
            key, algorithm = self._key(header.get("kid"))
            # The key says which algorithm it is for; the token may only agree.
            if header.get("alg") != algorithm:
                raise Unauthenticated("The token is not signed as its key signs.")
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                options=SIGNATURE_ONLY,  # type: ignore[arg-type]
            )
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise Unauthenticated("The token is not valid.") from None
        return claims

    def _key(self, key_id: object) -> tuple[PublicKey, str]:
        if not isinstance(key_id, str):
            raise Unauthenticated("The token does not say which key signed it.")
        if self._is_older_than(KEPT_FOR, self._loaded_at) or key_id not in self._keys:
            self._refresh()
        if not self._keys:
            raise Unavailable("The issuer's keys cannot be read; try again in a few minutes.")
        found = self._keys.get(key_id)
        if found is None:
            raise Unauthenticated("The token is not signed by a key of its issuer.")
        return found

    def _refresh(self) -> None:
        if not self._is_older_than(REFRESH_AFTER, self._tried_at):
            return
        self._tried_at = self._clock.now()
        try:
            self._keys = load_keys(self._issuer)
        except (OSError, http.client.HTTPException, ValueError, RecursionError):
            return  # The keys that are known go on; without any, whoever asks hears of it.
        self._loaded_at = self._tried_at

    def _is_older_than(self, age: timedelta, moment: datetime | None) -> bool:
        return moment is None or self._clock.now() - moment >= age


def load_keys(issuer: str) -> dict[str, tuple[PublicKey, str]]:
    """The issuer's signing keys by their ids, each with its algorithm; OSError, HTTPException, ValueError."""
    _check_address(issuer, issuer)
    document = _fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if document.get("issuer") != issuer:
        raise ValueError("The discovery document is another issuer's.")
    address = str(document.get("jwks_uri"))
    _check_address(address, issuer)
    keys: dict[str, tuple[PublicKey, str]] = {}
    for entry in list(_fetch(address).get("keys", []))[:MAX_KEYS]:
        found = _usable(entry)
        if found is not None:
            keys[entry["kid"]] = found
    return keys


def _usable(entry: Any) -> tuple[PublicKey, str] | None:
    if (
        not isinstance(entry, dict)
        or not isinstance(entry.get("kid"), str)
        or entry.get("use", "sig") != "sig"
    ):
        return None
    try:
        key, algorithm = _read(entry)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    return (key, algorithm) if entry.get("alg", algorithm) == algorithm else None


def _read(entry: dict[str, Any]) -> tuple[PublicKey, str]:
    if entry.get("kty") == "RSA":
        rsa = RSAAlgorithm.from_jwk(entry)
        if isinstance(rsa, RSAPublicKey) and rsa.key_size >= MIN_RSA_BITS:
            return rsa, "RS256"
    elif entry.get("kty") == "EC":
        curve = ECAlgorithm.from_jwk(entry)
        if isinstance(curve, EllipticCurvePublicKey) and isinstance(curve.curve, SECP256R1):
            return curve, "ES256"
    raise ValueError("Not a key that is accepted.")


def _check_address(address: str, issuer: str) -> None:
    # Plain http is for an issuer on the same machine, which only a test has; and never where https has led.
    parts, origin = urlsplit(address), urlsplit(issuer)
    is_local = parts.scheme == origin.scheme == "http" and {parts.hostname, origin.hostname} <= _LOOPBACK
    if not (parts.scheme == "https" and parts.hostname) and not is_local:
        raise ValueError("An issuer's addresses must begin with https.")


def _fetch(address: str) -> Mapping[str, Any]:
    """One JSON object, without redirects or proxies."""
    parts = urlsplit(address)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(str(parts.hostname), parts.port, timeout=TIMEOUT_SECONDS)
    try:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", path or "/", headers={"accept": "application/json"})
        answer = connection.getresponse()
        body = answer.read(MAX_BYTES + 1)
    finally:
        connection.close()
    if answer.status != 200 or len(body) > MAX_BYTES:
        raise ValueError(f"{parts.hostname} answered {answer.status} with {len(body)} bytes.")
    document = json.loads(body)
    if not isinstance(document, dict):
        raise ValueError("The answer is not a JSON object.")
    return document
