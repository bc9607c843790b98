"""Who signs, and who is believed: a container's session key certified by KMS, and the root that certifies."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from carillon.adapters.aws import named
from carillon.domain.certificate import Certificate, certify, read_certificate
from carillon.domain.errors import CarillonError
from carillon.ports.world import Clock

MAX_CERTIFICATES: Final = 1024
BEFOREHAND: Final = timedelta(seconds=60)
"""A row carries the time at which its request began, which lies before the session that its signing begins."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session key and its certificate, as bytes that travel with what it signs."""

    key: Ed25519PrivateKey
    certified: bytes
    renew_at: datetime


class SessionSigner:
    """Gives the container's session; a new one once half of its certificate's time is over."""

    def __init__(
        self,
        kms: Callable[[], Any],
        root_key_id: str,
        *,
        role: str,
        environment: str,
        valid_seconds: int,
        clock: Clock,
    ) -> None:
        self._kms = kms
        self._root_key_id = root_key_id
        self._role = role
        self._environment = environment
        self._valid = timedelta(seconds=valid_seconds)
        self._clock = clock
        self._session: Session | None = None
        self._lock = threading.Lock()

    def session(self) -> Session:
        """The session; one Sign call for each half of a certificate's time."""
        with self._lock:
            now = self._clock.now()
            if self._session is None or now >= self._session.renew_at:
                self._session = self._begin(now)
            return self._session

    def _begin(self, now: datetime) -> Session:
        key = Ed25519PrivateKey.generate()
        public = key.public_key().public_bytes_raw()
        certificate = Certificate(self._role, self._environment, public, now - BEFOREHAND, now + self._valid)
        return Session(key, certify(certificate, self._sign), now + self._valid / 2)

    def _sign(self, statement: bytes) -> bytes:
        answer = _call(
            self._kms,
            "sign",
            KeyId=self._root_key_id,
            Message=statement,
            MessageType="RAW",
            SigningAlgorithm="ECDSA_SHA_256",
        )
        return bytes(answer["Signature"])


class Root:
    """Reads certificates against the root's public key, which never changes; each certificate is verified once."""

    def __init__(self, kms: Callable[[], Any], root_key_id: str) -> None:
        self._kms = kms
        self._root_key_id = root_key_id
        self._key: EllipticCurvePublicKey | None = None
        self._read: dict[bytes, Certificate] = {}
        self._lock = threading.Lock()

    def certificate(self, certified: bytes) -> Certificate:
        """The certificate in these bytes; SealError. One GetPublicKey call in a container's life."""
        with self._lock:
            found = self._read.get(certified)
            if found is None:
                found = read_certificate(certified, self._public_key())
                if len(self._read) >= MAX_CERTIFICATES:
                    self._read.clear()
                self._read[certified] = found
            return found

    def _public_key(self) -> EllipticCurvePublicKey:
        if self._key is None:
            answer = _call(self._kms, "get_public_key", KeyId=self._root_key_id)
            key = load_der_public_key(answer["PublicKey"])
            if not isinstance(key, EllipticCurvePublicKey):
                raise CarillonError("The root key is not an elliptic-curve key.")
            self._key = key
        return self._key


def _call(kms: Callable[[], Any], operation: str, **arguments: Any) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = getattr(kms(), operation)(**arguments)
    except (BotoCoreError, ClientError) as error:
        raise named(error) from error
    return answer
