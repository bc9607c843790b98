"""From a bearer token to a principal: signature, claims, then the user as of now, with the roles as of now."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from carillon.domain.access import Principal, User, UserKind
from carillon.domain.errors import Unauthenticated
from carillon.domain.token_claims import claimed_issuer, names_in, refusal, seconds
from carillon.domain.user_definition import EXTERNAL_NAME
from carillon.ports.access import AccessStore, Revocations, TokenVerifier
from carillon.ports.world import Clock
from carillon.services.definitions import definitions_of

EXTERNAL_PREFIX: Final = "oidc:"
_NO_LONGER: Final = "The token is no longer valid; log in again."


@dataclass(frozen=True, slots=True)
class Issuer:
    """Whose tokens are accepted: what they must say, who judges their signatures, what their roles mean here.

    Without an audience it is this stack itself, whose tokens' subjects are users of the Access table.
    """

    name: str
    verifier: TokenVerifier
    audience: str | None = None
    role_claim: str = ""
    roles: Mapping[str, str] = field(default_factory=dict)


class Authenticate:
    """A disabled user, a changed password or a changed role takes effect on the next request."""

    def __init__(
        self, issuers: Sequence[Issuer], access: AccessStore, revocations: Revocations, clock: Clock
    ) -> None:
        self._issuers = {issuer.name: issuer for issuer in issuers}
        self._own = issuers[0]
        self._access = access
        self._revocations = revocations
        self._clock = clock

    def __call__(self, token: str, source: str) -> Principal:
        """The principal of a token; Unauthenticated says why not."""
        # Only chooses whose keys are asked: the claim counts for nothing before its signature has been verified.
        issuer = self._issuers.get(claimed_issuer(token), self._own)
        claims, now = issuer.verifier.verify(token), self._clock.now()
        reason = refusal(claims, issuer.name, now, audience=issuer.audience)
        if reason is not None:
            raise Unauthenticated(reason)
        token_id = _token_id(claims, token)
        if self._revocations.is_revoked(token_id, now):
            raise Unauthenticated(_NO_LONGER)
        if issuer.audience is None:
            return self._own_user(claims, token_id, source)
        return self._external(claims, issuer.role_claim, issuer.roles, token_id, source)

    def _own_user(self, claims: Mapping[str, Any], token_id: str, source: str) -> Principal:
        user = self._access.user(claims["sub"])
        if user is None or user.kind is UserKind.EXTERNAL or _is_ended(user, claims):
            raise Unauthenticated(_NO_LONGER)
        method = "key" if user.kind is UserKind.SERVICE else "password"
        return Principal(
            user.name,
            user.roles,
            source,
            definitions_of(self._access, user.roles),
            method,
            user.kind,
            user.must_change_password,
            token_id,
            _ends_at(claims),
        )

    def _external(
        self, claims: Mapping[str, Any], claim: str, mapping: Mapping[str, str], token_id: str, source: str
    ) -> Principal:
        name = f"{EXTERNAL_PREFIX}{claims['sub']}"
        if not EXTERNAL_NAME.fullmatch(name):
            raise Unauthenticated("The token's subject has characters that a user's name cannot have.")
        user = self._access.user(name)
        if user is not None and _is_ended(user, claims):
            raise Unauthenticated(_NO_LONGER)
        given = [mapping[value] for value in names_in(claims, claim) if value in mapping]
        roles = tuple(dict.fromkeys((*given, *(user.roles if user else ()))))
        return Principal(
            name,
            roles,
            source,
            definitions_of(self._access, roles),
            "oidc",
            UserKind.EXTERNAL,
            token_id=token_id,
            token_ends_at=_ends_at(claims),
            token_began_at=seconds(claims["iat"]),
        )


def _is_ended(user: User, claims: Mapping[str, Any]) -> bool:
    return not user.enabled or seconds(claims["iat"]) < user.tokens_valid_from


def _ends_at(claims: Mapping[str, Any]) -> datetime:
    return seconds(claims["exp"])


def _token_id(claims: Mapping[str, Any], token: str) -> str:
    """What names this token among all: its jti, or a hash of what was signed, which nobody can write differently."""
    own = claims.get("jti")
    name = own if isinstance(own, str) and own else token.rpartition(".")[0]
    return hashlib.sha256(f"{claims['iss']}\0{name}".encode()).hexdigest()
