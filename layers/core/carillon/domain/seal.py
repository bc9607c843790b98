"""The envelope: bytes sealed under a data key, bound to a context, and readable by nobody who lacks either.

AES-256-GCM with a key of its own per message (HKDF-SHA512, RFC 5869, over a 32-byte random salt), a key-commitment tag,
and the context as associated data. docs/security.md has the format byte by byte and test vectors. Whatever the bytes,
reading raises `SealError` and nothing else.
"""

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from carillon.domain.errors import SealError

VERSION: Final = 1
SALT_BYTES: Final = 32
KEY_BYTES: Final = 32
COMMITMENT_BYTES: Final = 32
TAG_BYTES: Final = 16
MAX_WRAPPED_BYTES: Final = 1024
MAX_PLAINTEXT_BYTES: Final = 1 << 20

_LENGTH_BYTES: Final = 2
_FIXED: Final = 1 + SALT_BYTES + COMMITMENT_BYTES + _LENGTH_BYTES
_INFO: Final = b"carillon seal 1"
_written: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
# Each message has a key of its own, so its one nonce need not vary (NIST SP 800-38D 8.2.1 with a counter of one).
_NONCE: Final = bytes(12)

Context = Mapping[str, str]
Unwrap = Callable[[bytes, Context], bytes]


@dataclass(frozen=True, slots=True)
class DataKey:
    """A 256-bit key and its form as KMS wrapped it; the plain half never leaves memory."""

    plain: bytes
    wrapped: bytes

    def __repr__(self) -> str:
        return f"DataKey(plain=***, wrapped={len(self.wrapped)} bytes)"


@dataclass(frozen=True, slots=True)
class Envelope:
    """An envelope taken apart; nothing in it is trusted until it is opened."""

    salt: bytes
    commitment: bytes
    wrapped: bytes
    ciphertext: bytes

    @classmethod
    def parse(cls, sealed: bytes) -> "Envelope":
        """Takes the bytes apart by their lengths; SealError."""
        if len(sealed) < _FIXED + TAG_BYTES:
            raise SealError("The envelope is too short.")
        if sealed[0] != VERSION:
            raise SealError(f"The envelope has version {sealed[0]}; this code reads {VERSION}.")
        salt = sealed[1 : 1 + SALT_BYTES]
        commitment = sealed[1 + SALT_BYTES : 1 + SALT_BYTES + COMMITMENT_BYTES]
        length = int.from_bytes(sealed[_FIXED - _LENGTH_BYTES : _FIXED])
        end = _FIXED + length
        if not 0 < length <= MAX_WRAPPED_BYTES or len(sealed) < end + TAG_BYTES:
            raise SealError("The envelope's wrapped key does not fit into it.")
        if len(sealed) > end + TAG_BYTES + MAX_PLAINTEXT_BYTES:
            raise SealError("The envelope is too long.")
        return cls(salt, commitment, sealed[_FIXED:end], sealed[end:])

    @property
    def header(self) -> bytes:
        """The bytes before the ciphertext."""
        length = len(self.wrapped).to_bytes(_LENGTH_BYTES)
        return b"".join((bytes([VERSION]), self.salt, self.commitment, length, self.wrapped))


def seal(plaintext: bytes, key: DataKey, context: Context, salt: bytes) -> bytes:
    """The envelope of a text of at most 1 MiB; `salt` is 32 fresh random bytes. SealError for sizes out of bounds."""
    if len(plaintext) > MAX_PLAINTEXT_BYTES:
        raise SealError(f"The text has {len(plaintext)} bytes; an envelope takes {MAX_PLAINTEXT_BYTES}.")
    if (
        len(salt) != SALT_BYTES
        or len(key.plain) != KEY_BYTES
        or not 0 < len(key.wrapped) <= MAX_WRAPPED_BYTES
    ):
        raise SealError("The salt or the data key has the wrong length.")
    bound = canonical(context)
    message_key, commitment = _derive(key.plain, salt, bound)
    header = Envelope(salt, commitment, key.wrapped, b"").header
    return header + AESGCM(message_key).encrypt(_NONCE, plaintext, header + bound)


def unseal(sealed: bytes, context: Context, unwrap: Unwrap) -> bytes:
    """The text, if the envelope was sealed for exactly this context under a key that `unwrap` gives; SealError.

    Errors of `unwrap` itself that are retryable pass through: an outage of KMS says nothing about the bytes.
    """
    envelope = Envelope.parse(sealed)
    bound = canonical(context)
    plain = unwrap(envelope.wrapped, context)
    if len(plain) != KEY_BYTES:
        raise SealError("The data key has the wrong length.")
    message_key, commitment = _derive(plain, envelope.salt, bound)
    if not hmac.compare_digest(commitment, envelope.commitment):
        raise SealError("The envelope was not sealed for this context, or not under this key.")
    try:
        return AESGCM(message_key).decrypt(_NONCE, envelope.ciphertext, envelope.header + bound)
    except InvalidTag:
        raise SealError("The envelope's content was altered.") from None


def canonical(context: Context) -> bytes:
    """One byte string per context: JSON with sorted keys, ASCII, no spaces."""
    return _written(dict(context)).encode("ascii")


def _derive(plain: bytes, salt: bytes, bound: bytes) -> tuple[bytes, bytes]:
    """The message's key and its commitment: two halves of one HKDF output, so that neither can be chosen alone."""
    derived = HKDF(SHA512(), KEY_BYTES + COMMITMENT_BYTES, salt, _INFO + b"\0" + bound).derive(plain)
    return derived[:KEY_BYTES], derived[KEY_BYTES:]
