"""The second factor of a user: enrolled with the password, activated with a first code, taken away by an admin."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from carillon.domain.access import Principal, UserKind
from carillon.domain.confirmation import Reply
from carillon.domain.errors import (
    LostRace,
    Unauthenticated,
    Unavailable,
    UserNotFound,
    WrongPassword,
    WrongState,
)
from carillon.domain.errors.doors import NothingPending
from carillon.domain.moments import to_rfc3339
from carillon.domain.password import verify_password
from carillon.domain.permission import Permission
from carillon.domain.scope import Subject
from carillon.domain.totp import (
    PENDING,
    RECOVERY_CODES,
    Factor,
    base32,
    provisioning_uri,
    recovery_code,
    recovery_digest,
    seed_of,
)
from carillon.ports.access import AccessStore, FactorStore
from carillon.ports.sealing import Sealer
from carillon.ports.world import Chance, Clock
from carillon.services.authorise import authorise, check_held
from carillon.services.definitions import grants_of
from carillon.services.journal import Journal
from carillon.services.login import Tries
from carillon.services.prove_factor import ProveFactor, seed_context

FRESH_LOGIN: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app needs, shown once: the seed in base32, and the address that holds it."""

    secret: str
    uri: str

    def __repr__(self) -> str:
        return "Enrolment(***)"


class SecondFactor:
    """Enrols, activates and resets."""

    def __init__(
        self,
        factors: FactorStore,
        access: AccessStore,
        tries: Tries,
        prove: ProveFactor,
        sealer: Sealer,
        clock: Clock,
        chance: Chance,
        journal: Journal,
        issuer: str,
    ) -> None:
        self._factors = factors
        self._access = access
        self._tries = tries
        self._prove = prove
        self._sealer = sealer
        self._clock = clock
        self._chance = chance
        self._journal = journal
        self._issuer = issuer

    def is_active(self, name: str) -> bool:
        """Whether the user has a second factor."""
        factor = self._factors.factor(name)
        return factor is not None and factor.is_active

    def document(self, principal: Principal) -> dict[str, Any]:
        """How one's own second factor stands."""
        factor = self._factors.factor(principal.name) or Factor(name=principal.name)
        at = factor.activated_at
        return {
            "is_active": factor.is_active,
            "activated_at": None if at is None else to_rfc3339(at),
            "recovery_codes_left": len(factor.recovery),
        }

    def enrol(self, principal: Principal, password: str, reply: Reply | None) -> Enrolment:
        """A new seed that waits for its first code; where there is an active one, a code of it is needed too.

        WrongPassword, LoginThrottled, WrongState, CodeRefused, SecondFactorLocked.
        """
        self._check_identity(principal, password)
        before = self._factors.factor(principal.name)
        if before is not None and before.is_active:
            self._prove(principal, reply or Reply())
            before = self._factors.factor(principal.name)
        seed = seed_of(self._chance.token() + self._chance.token())
        kept = before or Factor(name=principal.name, version=0)
        pending = self._sealer.seal(seed, seed_context(principal.name))
        after = replace(kept, pending=pending, pending_until=self._clock.now() + PENDING)
        self._save(principal, "user.begin-totp", before, after)
        return Enrolment(base32(seed), provisioning_uri(seed, principal.name, self._issuer))

    def activate(self, principal: Principal, code: str) -> tuple[str, ...]:
        """The recovery codes, shown once; NothingPending, CodeRefused, SecondFactorLocked."""
        before, now = self._factors.factor(principal.name), self._clock.now()
        if before is None or not before.is_pending(now):
            raise NothingPending
        self._prove.check_code(principal, before.pending, code)
        codes = tuple(recovery_code(self._chance.token()) for _ in range(RECOVERY_CODES))
        active = Factor(
            name=before.name,
            seed=before.pending,
            activated_at=now,
            recovery=tuple(map(recovery_digest, codes)),
            version=before.version,
        )
        self._save(principal, "user.enrol-totp", before, active)
        return codes

    def reset(self, principal: Principal, name: str) -> None:
        """Takes a user's second factor away, with its lock; UserNotFound, WrongState, Forbidden."""
        authorise(principal, Permission.EDIT_USERS, Subject(name, owner=name))
        user = self._access.user(name)
        if user is None:
            raise UserNotFound(f"There is no user {ascii(name)[1:-1]:.64}.")
        if name != principal.name:
            check_held(principal, grants_of(self._access, user.roles), to=f"change the user {name}")
        before = self._factors.factor(name)
        if before is None:
            raise WrongState(f"The user {name} has no second factor.")
        # The row stays, so that the version goes on.
        self._save(principal, "user.reset-totp", before, Factor(name=name, version=before.version))
        self._prove.forget_misses(name)

    def _check_identity(self, principal: Principal, password: str) -> None:
        if principal.kind is UserKind.SERVICE:
            raise WrongState("A service account has no second factor: people confirm what it asks for.")
        if principal.kind is UserKind.EXTERNAL:
            began = principal.token_began_at
            if began is None or self._clock.now() - began > FRESH_LOGIN:
                raise Unauthenticated(
                    "Log in again at your issuer: the token may be five minutes old at most."
                )
            return
        windows = self._tries.count(principal.name, principal.source)
        user = self._access.user(principal.name)
        if user is None or not verify_password(password, user.password_hash):
            raise WrongPassword(permission="user.enrol-totp", object=f"user:{principal.name}")
        self._tries.give_back(windows)

    def _save(self, principal: Principal, action: str, before: Factor | None, after: Factor) -> None:
        entry = self._journal.entry(
            principal,
            action,
            f"user:{after.name}",
            self._clock.now(),
            after={"is_active": after.is_active, "recovery_codes_left": len(after.recovery)},
        )
        replaces = before.version if before else None
        try:
            self._factors.save_factor(replace(after, version=after.version + 1), entry, replaces=replaces)
        except LostRace:
            raise Unavailable("The second factor is being changed by another request; try again.") from None
