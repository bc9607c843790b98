"""Passwords: scrypt under a self-describing text, so that its cost can be raised without breaking old ones.

The text is `scrypt$N$r$p$salt$hash`, salt and hash in base64.
"""

import hashlib
import hmac
from base64 import b64decode, b64encode
from typing import Final

COST: Final = 2**15
BLOCK: Final = 8
PARALLEL: Final = 3
SALT_BYTES: Final = 16
LONGEST_PASSWORD: Final = 1024
_HASH_BYTES: Final = 32
_MAX_MEMORY: Final = 128 * 1024 * 1024


def hash_password(password: str, salt: bytes, *, cost: int = COST) -> str:
    """The text to store; `cost` is scrypt's N, a power of two."""
    digest = _scrypt(password, salt, cost, BLOCK, PARALLEL)
    return f"scrypt${cost}${BLOCK}${PARALLEL}${b64encode(salt).decode()}${b64encode(digest).decode()}"


def verify_password(password: str, text: str) -> bool:
    """Whether the password is the one stored; the time taken depends on the text's cost alone."""
    try:
        name, cost, block, parallel, salt, digest = text.split("$")
        if name != "scrypt" or len(password) > LONGEST_PASSWORD:
            return False
        found = _scrypt(password, b64decode(salt), int(cost), int(block), int(parallel))
        return hmac.compare_digest(found, b64decode(digest))
    except ValueError:
        return False


def decoy(cost: int = COST) -> str:
    """A stored text that no password fits, for the same work when there is no such user."""
    salt = b64encode(bytes(SALT_BYTES)).decode()
    return f"scrypt${cost}${BLOCK}${PARALLEL}${salt}${b64encode(bytes(_HASH_BYTES)).decode()}"


def _scrypt(password: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    return hashlib.scrypt(
        password.encode("utf-8", "surrogatepass"),
        salt=salt,
        n=cost,
        r=block,
        p=parallel,
        maxmem=_MAX_MEMORY,
        dklen=_HASH_BYTES,
    )
