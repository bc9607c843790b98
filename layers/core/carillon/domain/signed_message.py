"""A dispatch message on the wire: sealed, so that nobody reads it, and signed, so that nobody else can make one.

Bytes of one by itself: 1 version · 2 length of the certificate · certificate · 64 Ed25519 signature · envelope
(domain/seal.py). The signature covers the certificate and the envelope.

Signing is half of what a message costs, so those that are sent together share one signature: behind it stand 1 count
and the SHA-256 digests of all their envelopes, which it covers in place of the envelope. Each of them can be read
without the others. Reading verifies first and parses afterwards.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from carillon.domain.certificate import MAX_BYTES as MAX_CERTIFICATE_BYTES
from carillon.domain.certificate import Certificate
from carillon.domain.errors import SealError

VERSION: Final = 2
"""1 was the message in clear text of the first development version; no worker reads it any more."""

TOGETHER: Final = 3
"""The version of messages that share a signature."""

MAX_TOGETHER: Final = 10
"""As many as SQS takes at once."""

SIGNATURE_BYTES: Final = 64
DIGEST_BYTES: Final = 32
MAX_BODY: Final = 8192
_LENGTH_BYTES: Final = 2
_PURPOSE: Final = b"carillon dispatch message\0"
_PURPOSE_TOGETHER: Final = b"carillon dispatch messages\0"


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """A message taken apart by its lengths; nothing in it is trusted yet.

    `digests` are those of the envelopes that share the signature, none for a message by itself.
    """

    certified: bytes
    signature: bytes
    envelope: bytes
    digests: tuple[bytes, ...] = ()

    @property
    def signed_bytes(self) -> bytes:
        """What the signature covers."""
        if self.digests:
            return _to_sign(_PURPOSE_TOGETHER, self.certified, b"".join(self.digests))
        return _to_sign(_PURPOSE, self.certified, self.envelope)

    def is_signed_by(self, certificate: Certificate) -> bool:
        """Whether this certificate's session signed this envelope, by itself or among others."""
        if self.digests and sha256(self.envelope).digest() not in self.digests:
            return False
        return certificate.verifies(self.signature, self.signed_bytes)


def sign_messages(envelopes: Sequence[bytes], certified: bytes, key: Ed25519PrivateKey) -> list[str]:
    """The bodies of at most MAX_TOGETHER queue messages, in order."""
    if not 0 < len(envelopes) <= MAX_TOGETHER:
        raise SealError(f"{len(envelopes)} messages cannot share a signature; at most {MAX_TOGETHER} do.")
    if len(envelopes) == 1:
        return [sign_message(envelopes[0], certified, key)]
    digests = b"".join(sha256(envelope).digest() for envelope in envelopes)
    signature = key.sign(_to_sign(_PURPOSE_TOGETHER, certified, digests))
    head = _head(TOGETHER, certified) + signature + bytes([len(envelopes)]) + digests
    return [base64.b64encode(head + envelope).decode("ascii") for envelope in envelopes]


def sign_message(envelope: bytes, certified: bytes, key: Ed25519PrivateKey) -> str:
    """The body of a queue message: base64 text."""
    signature = key.sign(_to_sign(_PURPOSE, certified, envelope))
    return base64.b64encode(_head(VERSION, certified) + signature + envelope).decode("ascii")


def take_apart(body: str) -> SignedMessage:
    """The parts of a body; SealError for what cannot be one."""
    if len(body) > MAX_BODY:
        raise SealError(f"The message has {len(body)} characters; the longest has {MAX_BODY}.")
    try:
        raw = base64.b64decode(body.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise SealError("The message is not base64.") from None
    if not raw or raw[0] not in (VERSION, TOGETHER):
        version = raw[0] if raw else "none"
        raise SealError(f"The message has version {version}; this code reads {VERSION} and {TOGETHER}.")
    begin = 1 + _LENGTH_BYTES
    end = begin + int.from_bytes(raw[1:begin])
    if end - begin > MAX_CERTIFICATE_BYTES or len(raw) < end + SIGNATURE_BYTES:
        raise SealError("The message is cut short.")
    signature, rest = raw[end : end + SIGNATURE_BYTES], raw[end + SIGNATURE_BYTES :]
    digests, envelope = _digests(rest) if raw[0] == TOGETHER else ((), rest)
    return SignedMessage(raw[begin:end], signature, envelope, digests)


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
    if not message.is_signed_by(certificate):
        raise SealError("The message's signature is wrong.")


def check_time(certificate: Certificate, signed_at: datetime, now: datetime) -> bool:
    """Whether the certificate still holds; False for one that has run out since. SealError if it did not hold then."""
    if not certificate.covers(signed_at):
        raise SealError("The certificate did not hold when the message was signed.")
    return now <= certificate.valid_until


def _digests(rest: bytes) -> tuple[tuple[bytes, ...], bytes]:
    """The digests behind a shared signature, and the envelope behind them."""
    end = 1 + DIGEST_BYTES * (rest[0] if rest else 0)
    if not 1 < end <= 1 + DIGEST_BYTES * MAX_TOGETHER or len(rest) < end:
        raise SealError("The message's digests do not fit into it.")
    return tuple(rest[first : first + DIGEST_BYTES] for first in range(1, end, DIGEST_BYTES)), rest[end:]


def _head(version: int, certified: bytes) -> bytes:
    return bytes([version]) + len(certified).to_bytes(_LENGTH_BYTES) + certified


def _to_sign(purpose: bytes, certified: bytes, content: bytes) -> bytes:
    return purpose + len(certified).to_bytes(_LENGTH_BYTES) + certified + content
