"""Login: a name and a password for a token, at the same cost and with the same answer for an unknown user.

Failures are counted per user and per address; a window that is full refuses the right password too, or
guessing could go on behind it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from carillon.domain.access import User
from carillon.domain.errors import LoginFailed, LoginThrottled
from carillon.domain.password import decoy, verify_password
from carillon.domain.token_claims import new_claims, seconds
from carillon.ports import AccessStore, Chance, Clock, Guards, TokenSigner

WINDOW_SECONDS: Final = 900
MAX_FAILURES: Final = 10


@dataclass(frozen=True, slots=True)
class Session:
    """A token and when it ends."""

    token: str
    expires_at: datetime


class Login:
    """Checks a password and signs a token."""

    def __init__(
        self,
        access: AccessStore,
        guards: Guards,
        signer: TokenSigner,
        clock: Clock,
        chance: Chance,
        issuer: str,
    ) -> None:
        self._access = access
        self._guards = guards
        self._signer = signer
        self._clock = clock
        self._chance = chance
        self._issuer = issuer

    def __call__(self, name: str, password: str, source: str) -> Session:
        """A session; LoginFailed, LoginThrottled."""
        now = self._clock.now()
        windows = (f"login#user#{name[:64]}", f"login#address#{source}")
        self._refuse_when_full(windows, now)
        user = self._access.user(name) if name else None
        fits = verify_password(password, user.password_hash if user else decoy())
        if user is None or not fits or not user.enabled:
            for window in windows:
                self._guards.record_failure(window, now, WINDOW_SECONDS)
            raise LoginFailed
        return self._session(user, now)

    def _refuse_when_full(self, windows: Sequence[str], now: datetime) -> None:
        if any(self._guards.count_failures(window, now) >= MAX_FAILURES for window in windows):
            raise LoginThrottled(retry_after_seconds=WINDOW_SECONDS)

    def _session(self, user: User, now: datetime) -> Session:
        claims = new_claims(user.name, self._issuer, max(now, user.tokens_valid_from), self._chance.token())
        return Session(self._signer.sign(claims), seconds(claims["exp"]))
