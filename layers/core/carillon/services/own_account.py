"""What everybody may do to their own account: change the password, log out here, log out everywhere."""

from dataclasses import replace
from typing import Any

from carillon.domain.access import NO_PASSWORD, Principal, User, UserKind
from carillon.domain.errors import LostRace, Unavailable, WrongPassword, WrongState
from carillon.domain.moments import ceil_second, to_rfc3339
from carillon.domain.password import hash_password, verify_password
from carillon.domain.role_definition import permissions_document
from carillon.ports.access import AccessStore, Revocations
from carillon.ports.world import Chance, Clock
from carillon.services.journal import Journal
from carillon.services.login import Tries


class OwnAccount:
    """The account of whoever asks."""

    def __init__(
        self,
        access: AccessStore,
        revocations: Revocations,
        tries: Tries,
        clock: Clock,
        chance: Chance,
        journal: Journal,
    ) -> None:
        self._access = access
        self._revocations = revocations
        self._tries = tries
        self._clock = clock
        self._chance = chance
        self._journal = journal

    def change_password(self, principal: Principal, current: str, new: str) -> None:
        """Ends all sessions as well; WrongPassword, LoginThrottled, WrongState."""
        if principal.kind is not UserKind.PERSON:
            raise WrongState("Only a person has a password here.")
        windows = self._tries.count(principal.name, principal.source)
        user = self._access.user(principal.name)
        if user is None or not verify_password(current, user.password_hash):
            raise WrongPassword(permission="user.change-password", object=f"user:{principal.name}")
        self._tries.give_back(windows)
        hashed = hash_password(new, self._chance.token().encode())
        self._save(
            principal,
            "user.change-password",
            user,
            replace(user, password_hash=hashed, must_change_password=False),
        )

    def log_out(self, principal: Principal) -> None:
        """Refuses this token from now on."""
        if principal.token_ends_at is None:
            raise WrongState("There is no token to revoke.")
        entry = self._journal.entry(principal, "user.logout", f"user:{principal.name}", self._clock.now())
        self._revocations.revoke(principal.token_id, principal.token_ends_at, entry)

    def log_out_everywhere(self, principal: Principal) -> None:
        """Refuses every token that was issued until now, whoever issued it."""
        user = self._access.user(principal.name)
        if user is None and principal.kind is not UserKind.EXTERNAL:
            return  # Deleted meanwhile: no token of theirs opens anything.
        self._save(principal, "user.logout-everywhere", user, user or self._external(principal.name))

    def document(self, principal: Principal) -> dict[str, Any]:
        """Who I am, how I came in, and all that I may do."""
        ends_at = principal.token_ends_at
        return {
            "user": principal.name,
            "kind": str(principal.kind),
            "method": principal.method,
            "roles": list(principal.roles),
            "permissions": permissions_document(principal.grants),
            "must_change_password": principal.must_change_password,
            "token_expires_at": None if ends_at is None else to_rfc3339(ends_at),
        }

    def _external(self, name: str) -> User:
        now = self._clock.now()
        return User(
            name=name,
            kind=UserKind.EXTERNAL,
            password_hash=NO_PASSWORD,
            tokens_valid_from=now,
            created_at=now,
            version=0,
        )

    def _save(self, principal: Principal, action: str, before: User | None, after: User) -> None:
        now = self._clock.now()
        entry = self._journal.entry(principal, action, f"user:{principal.name}", now)
        ended = replace(after, tokens_valid_from=ceil_second(now), version=after.version + 1)
        try:
            self._access.save_user(ended, entry, before=before)
        except LostRace:
            raise Unavailable("The account is being changed by somebody else; try again.") from None
