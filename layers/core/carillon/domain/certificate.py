"""Session certificates: KMS signs the signer, so that signing a message costs no call.

A function makes an Ed25519 key for its container and has KMS certify it once, for a role, an environment and an hour.
Whoever holds the root's public key can tell who signed a message, in which role, and whether it was allowed to then.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from carillon.domain.errors import SealError
from carillon.domain.moments import from_ms, to_ms

FORMAT: Final = 1
MAX_BYTES: Final = 512
_LENGTH_BYTES: Final = 2
_PURPOSE: Final = b"carillon session certificate\0"
_FIELDS: Final = {"v": int, "role": str, "environment": str, "key": str, "from": int, "until": int}


@dataclass(frozen=True, slots=True)
class Certificate:
    """Who may sign in which role, in which stack, and when; `public_key` is the session's 32 raw bytes."""

    role: str
    environment: str
    public_key: bytes
    valid_from: datetime
    valid_until: datetime

    def covers(self, moment: datetime) -> bool:
        """Whether the session may sign at the moment."""
        return self.valid_from <= moment <= self.valid_until

    def statement(self) -> bytes:
        """The bytes that the root signs: a purpose, then JSON; a root signature means nothing else."""
        fields = {
            "v": FORMAT,
            "role": self.role,
            "environment": self.environment,
            "key": self.public_key.hex(),
            "from": to_ms(self.valid_from),
            "until": to_ms(self.valid_until),
        }
        return _PURPOSE + json.dumps(fields, sort_keys=True, separators=(",", ":")).encode("ascii")

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether this session signed the message."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


def certify(certificate: Certificate, sign: Callable[[bytes], bytes]) -> bytes:
    """The certificate with the root's signature: length, statement, DER signature."""
    statement = certificate.statement()
    return len(statement).to_bytes(_LENGTH_BYTES) + statement + sign(statement)


def read_certificate(certified: bytes, root: EllipticCurvePublicKey) -> Certificate:
    """The certificate, if the root signed exactly these bytes; SealError. Nothing is parsed before that is known."""
    length = int.from_bytes(certified[:_LENGTH_BYTES])
    statement, signature = certified[_LENGTH_BYTES:][:length], certified[_LENGTH_BYTES + length :]
    if len(certified) > MAX_BYTES or not statement.startswith(_PURPOSE):
        raise SealError("The certificate is not one of this project's.")
    try:
        root.verify(signature, statement, ECDSA(SHA256()))
    except InvalidSignature:
        raise SealError("The certificate's signer is unknown.") from None
    return _parse(statement.removeprefix(_PURPOSE))


def _parse(statement: bytes) -> Certificate:
    try:
        fields = json.loads(statement)
        if fields.keys() != _FIELDS.keys() or any(
            type(fields[name]) is not kind for name, kind in _FIELDS.items()
        ):
            raise SealError("The certificate's fields are not those of format 1.")
        key, begin, end = bytes.fromhex(fields["key"]), from_ms(fields["from"]), from_ms(fields["until"])
    except (ValueError, AttributeError, OverflowError, RecursionError):
        raise SealError("The certificate cannot be read.") from None
    if fields["v"] != FORMAT:
        raise SealError(f"The certificate has format {fields['v']}; this code reads {FORMAT}.")
    return Certificate(fields["role"], fields["environment"], key, begin, end)
