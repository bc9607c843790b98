"""Login: a name and a password, or a machine's key, for a token; at the same cost and with the same answer for an
unknown user.

Every try is counted before it is judged, per address and per user, and given back when it succeeds: so tries at the
same moment cannot slip past the limit together. A window that is full refuses the right password too, or guessing
could go on behind it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from carillon.domain.access import Principal, User, UserKind
from carillon.domain.audit import REFUSED
from carillon.domain.errors import LoginFailed, LoginThrottled
from carillon.domain.password import decoy, verify_password
from carillon.domain.service_key import PresentedKey, fits, parse_key
from carillon.domain.token_claims import new_claims, seconds
from carillon.ports.access import AccessStore, TokenSigner
from carillon.ports.audit import AuditLog
from carillon.ports.guards import Guards
from carillon.ports.world import Chance, Clock
from carillon.services.journal import Journal

WINDOW_SECONDS: Final = 900
MAX_FAILURES: Final = 10
NOBODY: Final = "unknown"
_NO_KEY: Final = PresentedKey("", "", "")


@dataclass(frozen=True, slots=True)
class Session:
    """A token and when it ends."""

    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Tries:
    """The windows in which tries to prove who one is are counted."""

    guards: Guards
    clock: Clock

    def count(self, name: str, source: str) -> Sequence[str]:
        """The windows that this try was counted in; LoginThrottled when one of them is full."""
        # The address first, so that one that is throttled cannot go on filling the windows of users.
        windows = (f"login#address#{source}", f"login#user#{name[:64]}")
        for window in windows:
            if self.guards.record_failure(window, self.clock.now(), WINDOW_SECONDS) > MAX_FAILURES:
                raise LoginThrottled(retry_after_seconds=WINDOW_SECONDS)
        return windows

    def give_back(self, windows: Sequence[str]) -> None:
        """Takes a try that succeeded out of its windows again."""
        for window in windows:
            self.guards.take_back_failure(window, self.clock.now())


class Login:
    """Checks a password or a key and signs a token."""

    def __init__(
        self,
        access: AccessStore,
        tries: Tries,
        signer: TokenSigner,
        clock: Clock,
        chance: Chance,
        issuer: str,
        journal: Journal,
        audit: AuditLog,
    ) -> None:
        self._access = access
        self._tries = tries
        self._signer = signer
        self._clock = clock
        self._chance = chance
        self._issuer = issuer
        self._journal = journal
        self._audit = audit

    def __call__(self, name: str, password: str, source: str) -> Session:
        """A session of a person; LoginFailed, LoginThrottled."""
        windows = self._tries.count(name, source)
        user = self._access.user(name) if name else None
        stored = user.password_hash if user is not None else ""
        is_right = verify_password(password, stored or decoy())
        return self._answer(user, UserKind.PERSON, is_right and bool(stored), windows, source)

    def with_key(self, text: str, source: str) -> Session:
        """A session of a service account; LoginFailed, LoginThrottled."""
        key = parse_key(text) or _NO_KEY
        windows = self._tries.count(key.name, source)
        user = self._access.user(key.name) if key.name else None
        is_right = fits(key, user.keys if user else ())
        return self._answer(user, UserKind.SERVICE, is_right, windows, source)

    def _answer(
        self, user: User | None, kind: UserKind, is_right: bool, windows: Sequence[str], source: str
    ) -> Session:
        if user is None or not is_right or user.kind is not kind or not user.enabled:
            self._note_failure(user, kind, source)
            raise LoginFailed
        self._tries.give_back(windows)
        issued_at = max(self._clock.now(), user.tokens_valid_from)
        claims = new_claims(user.name, self._issuer, issued_at, self._chance.token())
        return Session(self._signer.sign(claims), seconds(claims["exp"]))

    def _note_failure(self, user: User | None, kind: UserKind, source: str) -> None:
        # A name that is nobody's may be a password in the wrong field, so it is not written down.
        name = user.name if user else NOBODY
        method = "key" if kind is UserKind.SERVICE else "password"
        who = Principal(name, (), source, method=method)
        entry = self._journal.entry(who, "user.login", f"user:{name}", self._clock.now(), outcome=REFUSED)
        self._audit.append(entry)
