"""Keys of service accounts: `ck_<account>:<key id>:<secret>`, of which only a digest of the secret is stored.

SHA-256 is enough here, where a password needs scrypt: the secret has 256 random bits, so there is nothing to guess
faster. The account's name stands in the key so that a key that is found somewhere says whose it is.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from carillon.domain.access import ServiceKey

PREFIX: Final = "ck_"
MAX_KEYS: Final = 2
"""Two, so that a machine can be given a new key before the old one is taken away."""

LONGEST_KEY: Final = 256
_NO_DIGEST: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class PresentedKey:
    """The parts of a key that somebody shows."""

    name: str
    key_id: str
    secret: str


def key_text(name: str, key_id: str, secret: str) -> str:
    """The key as its machine keeps it."""
    return f"{PREFIX}{name}:{key_id}:{secret}"


def parse_key(text: str) -> PresentedKey | None:
    """The parts of a key, None for what is none."""
    name, _, rest = text.removeprefix(PREFIX).partition(":")
    key_id, _, secret = rest.partition(":")
    if not text.startswith(PREFIX) or len(text) > LONGEST_KEY or not (name and key_id and secret):
        return None
    return PresentedKey(name, key_id, secret)


def digest_of(secret: str) -> str:
    """What is stored of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def fits(key: PresentedKey, stored: Sequence[ServiceKey]) -> bool:
    """Whether the key is one of those stored; the same work for a key id that is unknown."""
    expected = next((each.digest for each in stored if each.key_id == key.key_id), _NO_DIGEST)
    return hmac.compare_digest(digest_of(key.secret), expected)
