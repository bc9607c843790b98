"""Users, roles, second factors and tokens."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from carillon.domain.access import User
from carillon.domain.audit import AuditEntry
from carillon.domain.rbac import Role
from carillon.domain.totp import Factor
from carillon.ports.pages import Page


class AccessStore(Protocol):
    """The Access table."""

    def user(self, name: str) -> User | None:
        """The user as of now (consistent)."""

    def users(self, limit: int, start: Mapping[str, Any] | None = None) -> Page[User]:
        """Users in the order of their names, as of now."""

    def save_user(self, user: User, audit: AuditEntry, *, before: User | None) -> None:
        """Writes the user and the audit row together if its version is still `before`'s (None: unused name).

        LostRace otherwise; LastAdmin when no enabled admin would be left.
        """

    def delete_user(self, user: User, audit: AuditEntry) -> None:
        """Deletes the user, if its version is still this one, and writes the audit row; LostRace, LastAdmin."""

    def roles(self, names: Sequence[str]) -> Sequence[Role]:
        """The stack's own roles of these names as of now, at most 100; those that do not exist are left out."""

    def all_roles(self) -> Sequence[Role]:
        """Every role of the stack's own, as of now, in the order of their names."""

    def save_role(self, role: Role, audit: AuditEntry, *, replaces: int | None) -> None:
        """Writes the role and the audit row together if its version is still `replaces` (None: unused name).

        LostRace otherwise.
        """

    def delete_role(self, role: Role, audit: AuditEntry) -> None:
        """Deletes the role, if its version is still this one, and writes the audit row; LostRace."""


class FactorStore(Protocol):
    """The second factors of users, in the Access table."""

    def factor(self, name: str) -> Factor | None:
        """The factor as of now (consistent)."""

    def save_factor(self, factor: Factor, audit: AuditEntry, *, replaces: int | None) -> None:
        """Writes the factor and the audit row together if its version still is `replaces` (None: unused); LostRace."""


class Revocations(Protocol):
    """Tokens that are refused although they have not expired, in the Guards table."""

    def revoke(self, token_id: str, until: datetime, audit: AuditEntry) -> None:
        """Refuses the token from now on, and writes the audit row in the same transaction; again is the same."""

    def is_revoked(self, token_id: str, now: datetime) -> bool:
        """Whether the token was revoked (consistent)."""


class TokenSigner(Protocol):
    """Signs the tokens this stack issues; the key never leaves KMS."""

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A compact ES256 JWT."""

    def key_set(self) -> Mapping[str, Any]:
        """The public keys as a JWK set."""


class TokenVerifier(Protocol):
    """Judges the signatures of tokens; what the claims say is judged by the caller."""

    def verify(self, token: str) -> Mapping[str, Any]:
        """The claims of a token signed by a known key with the one accepted algorithm; Unauthenticated."""


class CursorKeys(Protocol):
    """The secret that authenticates the cursors of lists."""

    def cursor_key(self) -> bytes:
        """Always the same 32 bytes for one stack, made at first use."""
