"""Makes the first admin, with a random password that is shown once; also the way back in when it is lost."""

from dataclasses import dataclass, replace
from typing import Final

from carillon.domain.access import Principal, User, UserKind
from carillon.domain.errors import FieldError, InvalidInput, LostRace, UserExists
from carillon.domain.moments import ceil_second
from carillon.domain.password import hash_password
from carillon.domain.rbac import ADMIN
from carillon.domain.totp import Factor
from carillon.domain.user_definition import USER_NAME
from carillon.ports.access import AccessStore, FactorStore
from carillon.ports.world import Chance, Clock
from carillon.services.journal import Journal

OPERATOR: Final = Principal("operator", (ADMIN,), "function", method="iam")


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user's name and the password that is not stored anywhere."""

    user: str
    password: str


class BootstrapAdmin:
    """Creates or, when asked, resets an admin; whoever may invoke the operator function may do this."""

    def __init__(
        self,
        access: AccessStore,
        clock: Clock,
        chance: Chance,
        journal: Journal,
        factors: FactorStore | None = None,
    ) -> None:
        self._access = access
        self._factors = factors
        self._clock = clock
        self._chance = chance
        self._journal = journal

    def __call__(self, name: str, *, reset: bool = False) -> Credentials:
        """The new credentials; UserExists unless `reset`, which also ends the user's sessions."""
        if not USER_NAME.fullmatch(name):
            fault = FieldError("user", "Use 1 to 64 lower-case letters, digits, dots, dashes, _ and @.")
            raise InvalidInput("The user's name is not valid.", [fault])
        before = self._access.user(name)
        if before is not None and not reset:
            raise self._exists(name)
        password = self._chance.token()
        user = self._user(name, password, before)
        verb = "user.reset" if before else "user.bootstrap"
        audit = self._journal.entry(
            OPERATOR, verb, f"user:{name}", user.tokens_valid_from, after={"roles": list(user.roles)}
        )
        try:
            self._access.save_user(user, audit, before=before)
        except LostRace:
            raise self._exists(name) from None
        if before is not None:
            self._forget_factor(name)
        return Credentials(name, password)

    def _forget_factor(self, name: str) -> None:
        """Takes the second factor away too: whoever lost everything must get in again."""
        factor = self._factors.factor(name) if self._factors is not None else None
        if self._factors is None or factor is None:
            return
        audit = self._journal.entry(OPERATOR, "user.reset-totp", f"user:{name}", self._clock.now())
        self._factors.save_factor(
            Factor(name=name, version=factor.version + 1), audit, replaces=factor.version
        )

    def _user(self, name: str, password: str, before: User | None) -> User:
        # Tokens carry whole seconds: rounded up, one of this very second is refused with the older ones.
        now = ceil_second(self._clock.now())
        hashed = hash_password(password, self._chance.token().encode())
        if before is None:
            return User(
                name=name, password_hash=hashed, roles=(ADMIN,), tokens_valid_from=now, created_at=now
            )
        return replace(
            before,
            password_hash=hashed,
            roles=tuple(dict.fromkeys((*before.roles, ADMIN))),
            enabled=True,
            kind=UserKind.PERSON,
            keys=(),
            must_change_password=False,
            tokens_valid_from=now,
            version=before.version + 1,
        )

    @staticmethod
    def _exists(name: str) -> UserExists:
        return UserExists(
            f'There is a user {name} already; send {{"command": "bootstrap", "user": "{name}", "reset": true}} '
            "to give it a new password and end its sessions."
        )
