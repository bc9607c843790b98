"""The second factor: time-based codes (RFC 6238), how they are judged, and the lock that wrong ones lead to.

A code is good in its own step of 30 seconds and in the next one, never before, and once. Judging is a pure step from
one standing to the next, which the store writes on condition: so codes that are tried at the same moment are judged one
after the other, and a lock cannot be outrun.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Final
from urllib.parse import quote

import pyotp

from carillon.domain.moments import EPOCH

STEP_SECONDS: Final = 30
DIGITS: Final = 6
SEED_BYTES: Final = 20
RECOVERY_CODES: Final = 10
PENDING: Final = timedelta(minutes=10)
LOCKS: Final = ((20, timedelta(hours=24)), (10, timedelta(hours=1)), (5, timedelta(minutes=15)))
"""From so many misses on, each fifth locks for so long; a right code begins at zero again."""

_MISSES_A_LOCK: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """A user's second factor as it is stored: seeds are sealed, recovery codes are digests.

    `pending` waits for its first code while an older seed goes on to serve.
    """

    name: str
    seed: bytes = b""
    activated_at: datetime | None = None
    pending: bytes = b""
    pending_until: datetime | None = None
    recovery: tuple[str, ...] = ()
    version: int = 1

    @property
    def is_active(self) -> bool:
        """Whether codes are known."""
        return bool(self.seed)

    def is_pending(self, now: datetime) -> bool:
        """Whether an enrolment waits for its first code."""
        return bool(self.pending) and self.pending_until is not None and now < self.pending_until


@dataclass(frozen=True, slots=True)
class Standing:
    """What is remembered between codes: the last step that was used, the misses since, and a lock's end."""

    last_step: int = 0
    misses: int = 0
    locked_until: datetime | None = None


class Verdict(Enum):
    """What becomes of a code."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"
    WRONG = "wrong"
    LOCKED = "locked"


def matching_step(seed: bytes, code: str, now: datetime) -> int | None:
    """The step whose code this is: the current one or the one before; all are compared, in constant time."""
    current = (now - EPOCH) // timedelta(seconds=STEP_SECONDS)
    totp = pyotp.TOTP(base64.b32encode(seed).decode(), digits=DIGITS, interval=STEP_SECONDS)
    found = None
    for step in (current - 1, current):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode("utf-8", "surrogatepass")):
            found = step
    return found


def judge(standing: Standing, step: int | None, now: datetime) -> tuple[Verdict, Standing]:
    """What becomes of a code that belongs to `step` (None: to no step), and the standing after it."""
    if standing.locked_until is not None and now < standing.locked_until:
        return Verdict.LOCKED, standing
    if step is None:
        return Verdict.WRONG, missed(standing, now)
    if step <= standing.last_step:
        # No guess, so no miss: somebody pressed twice, or replays what was good for once.
        return Verdict.REPEATED, standing
    return Verdict.ACCEPTED, Standing(step)


def judge_recovery(standing: Standing, is_right: bool, now: datetime) -> tuple[Verdict, Standing]:
    """The same for a recovery code, which belongs to no step."""
    if not is_right or (standing.locked_until is not None and now < standing.locked_until):
        return judge(standing, None, now)
    return Verdict.ACCEPTED, Standing(standing.last_step)


def missed(standing: Standing, now: datetime) -> Standing:
    """The standing after one more miss, locked at each fifth."""
    misses = standing.misses + 1
    if misses % _MISSES_A_LOCK:
        return replace(standing, misses=misses, locked_until=None)
    length = next(length for least, length in LOCKS if misses >= least)
    return replace(standing, misses=misses, locked_until=now + length)


def seed_of(token: str) -> bytes:
    """A fresh seed of 160 bits from an unguessable text."""
    return hashlib.sha256(f"seed {token}".encode()).digest()[:SEED_BYTES]


def base32(seed: bytes) -> str:
    """The seed as people type it into an app."""
    return base64.b32encode(seed).decode()


def provisioning_uri(seed: bytes, name: str, issuer: str) -> str:
    """The otpauth address that an authenticator app reads."""
    label = f"{quote(issuer, safe='')}:{quote(name, safe='')}"
    return (
        f"otpauth://totp/{label}?secret={base32(seed)}&issuer={quote(issuer, safe='')}"
        f"&digits={DIGITS}&period={STEP_SECONDS}"
    )


def recovery_code(token: str) -> str:
    """A recovery code of 80 bits from an unguessable text: abcd-efgh-ijkl-mnop."""
    letters = base64.b32encode(hashlib.sha256(f"recovery {token}".encode()).digest()[:10]).decode().lower()
    return "-".join(letters[at : at + 4] for at in range(0, 16, 4))


def recovery_digest(code: str) -> str:
    """What is stored of a recovery code, however it is spelled; its 80 random bits leave nothing to guess faster."""
    plain = code.lower().replace("-", "").replace(" ", "")
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def without_code(stored: tuple[str, ...], code: str) -> tuple[str, ...] | None:
    """The digests that are left when the code is used, None when it is none of them; all are compared."""
    digest = recovery_digest(code)
    left = tuple(each for each in stored if not hmac.compare_digest(each, digest))
    return left if len(left) < len(stored) else None
