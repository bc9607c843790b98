"""A dispatch message on the wire: sealed, so that nobody reads it, and signed, so that nobody else can make one.

Bytes: 1 version · 2 length of the certificate · certificate · 64 Ed25519 signature · envelope (domain/seal.py). The
signature covers the certificate and the envelope. Reading verifies first and parses afterwards.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from carillon.domain.certificate import MAX_BYTES as MAX_CERTIFICATE_BYTES
from carillon.domain.certificate import Certificate
from carillon.domain.errors import SealError

VERSION: Final = 2
"""1 was the message in clear text of the first development version; no worker reads it any more."""

SIGNATURE_BYTES: Final = 64
MAX_BODY: Final = 8192
_LENGTH_BYTES: Final = 2
_PURPOSE: Final = b"carillon dispatch message\0"


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """A message taken apart by its lengths; nothing in it is trusted yet."""

    certified: bytes
    signature: bytes
    envelope: bytes

    @property
    def signed_bytes(self) -> bytes:
        """What the signature covers."""
        return _to_sign(self.certified, self.envelope)


def sign_message(envelope: bytes, certified: bytes, key: Ed25519PrivateKey) -> str:
    """The body of a queue message: base64 text."""
    signature = key.sign(_to_sign(certified, envelope))
    head = bytes([VERSION]) + len(certified).to_bytes(_LENGTH_BYTES)
    return base64.b64encode(head + certified + signature + envelope).decode("ascii")


def take_apart(body: str) -> SignedMessage:
    """The parts of a body; SealError for what cannot be one."""
    if len(body) > MAX_BODY:
        raise SealError(f"The message has {len(body)} characters; the longest has {MAX_BODY}.")
    try:
        raw = base64.b64decode(body.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise SealError("The message is not base64.") from None
    if not raw or raw[0] != VERSION:
        raise SealError(f"The message has version {raw[0] if raw else 'none'}; this code reads {VERSION}.")
    begin = 1 + _LENGTH_BYTES
    end = begin + int.from_bytes(raw[1:begin])
    if end - begin > MAX_CERTIFICATE_BYTES or len(raw) < end + SIGNATURE_BYTES:
        raise SealError("The message is cut short.")
    return SignedMessage(raw[begin:end], raw[end : end + SIGNATURE_BYTES], raw[end + SIGNATURE_BYTES :])


def check_signer(
    message: SignedMessage, certificate: Certificate, *, environment: str, roles: frozenset[str]
) -> None:
    """SealError unless this certificate's session signed the message, for this stack, in one of the roles."""
    if certificate.environment != environment:
        raise SealError(
            f"The message was signed in the stack {certificate.environment!r:.80}, not in this one."
        )
    if certificate.role not in roles:
        raise SealError(f"The role {certificate.role!r:.40} may not send dispatch messages.")
    if not certificate.verifies(message.signature, message.signed_bytes):
        raise SealError("The message's signature is wrong.")


def check_time(certificate: Certificate, signed_at: datetime, now: datetime) -> bool:
    """Whether the certificate still holds; False for one that has run out since. SealError if it did not hold then."""
    if not certificate.covers(signed_at):
        raise SealError("The certificate did not hold when the message was signed.")
    return now <= certificate.valid_until


def _to_sign(certified: bytes, envelope: bytes) -> bytes:
    return _PURPOSE + len(certified).to_bytes(_LENGTH_BYTES) + certified + envelope
