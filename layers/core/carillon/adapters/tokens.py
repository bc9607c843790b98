"""ES256 tokens: JOSE's form of a signature, the key set, and verification against keys in memory.

Keys come from one fixed place and are looked up again at most every five minutes, so that tokens with invented
key ids cost nothing.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from jwt.algorithms import ECAlgorithm

from carillon.domain.errors import Unauthenticated
from carillon.ports.world import Clock

ALGORITHM: Final = "ES256"
REFRESH_AFTER: Final = timedelta(minutes=5)
_NUMBER_BYTES: Final = 32


class KeyRing:
    """The public keys whose signatures are accepted; a TokenVerifier."""

    def __init__(self, load: Callable[[], Sequence[EllipticCurvePublicKey]], clock: Clock) -> None:
        self._load = load
        self._clock = clock
        self._keys: dict[str, EllipticCurvePublicKey] = {}
        self._loaded_at: datetime | None = None

    def verify(self, token: str) -> Mapping[str, Any]:
        """The claims of a token signed by a known key; Unauthenticated. Only the signature is judged here."""
        try:
            header = jwt.get_unverified_header(token)
            key = self._key(header.get("kid"))
            if key is None or header.get("alg") != ALGORITHM:
                raise Unauthenticated("The token is not signed by this stack.")
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                options=SIGNATURE_ONLY,  # type: ignore[arg-type]
            )
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise Unauthenticated("The token is not valid.") from None
        return claims

    def key_set(self) -> Mapping[str, Any]:
        """The keys as a JWK set."""
        return {"keys": [jwk(key) for key in self._known().values()]}

    def first_id(self) -> str:
        """The id of the key that signs."""
        return next(iter(self._known()))

    def _key(self, key_id: object) -> EllipticCurvePublicKey | None:
        if not isinstance(key_id, str):
            return None
        found = self._known().get(key_id)
        if found is None and self._clock.now() - (self._loaded_at or self._clock.now()) >= REFRESH_AFTER:
            self._refresh()
            found = self._keys.get(key_id)
        return found

    def _known(self) -> Mapping[str, EllipticCurvePublicKey]:
        if self._loaded_at is None:
            self._refresh()
        return self._keys

    def _refresh(self) -> None:
        self._keys = {thumbprint(key): key for key in self._load()}
        self._loaded_at = self._clock.now()


SIGNATURE_ONLY: Final = {
    f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")
}


def signing_input(claims: Mapping[str, Any], key_id: str) -> bytes:
    """What is signed: the header and the claims, each in base64url."""
    header = {"alg": ALGORITHM, "kid": key_id, "typ": "JWT"}
    return b".".join(_encoded(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))


def compact(signed: bytes, der_signature: bytes) -> str:
    """The token: KMS answers a signature in DER, JOSE wants both numbers side by side."""
    numbers = decode_dss_signature(der_signature)
    raw = b"".join(number.to_bytes(_NUMBER_BYTES, "big") for number in numbers)
    return (signed + b"." + _encoded(raw)).decode()


def jwk(key: EllipticCurvePublicKey) -> dict[str, Any]:
    """A public key as a JWK."""
    return {**ECAlgorithm.to_jwk(key, as_dict=True), "use": "sig", "alg": ALGORITHM, "kid": thumbprint(key)}


def thumbprint(key: EllipticCurvePublicKey) -> str:
    """The key's id: its RFC 7638 thumbprint, so that it follows from the key alone."""
    members = ECAlgorithm.to_jwk(key, as_dict=True)
    canonical = json.dumps({name: members[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
    return _encoded(hashlib.sha256(canonical.encode()).digest()).decode()


def _encoded(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")
