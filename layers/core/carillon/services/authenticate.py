"""From a bearer token to a principal: signature, claims, then the user as of now, with the roles as of now."""

from carillon.domain.access import Principal
from carillon.domain.errors import Unauthenticated
from carillon.domain.token_claims import refusal, seconds
from carillon.ports import AccessStore, Clock, TokenVerifier


class Authenticate:
    """A disabled user or a changed password takes effect on the next request."""

    def __init__(self, verifier: TokenVerifier, access: AccessStore, clock: Clock, issuer: str) -> None:
        self._verifier = verifier
        self._access = access
        self._clock = clock
        self._issuer = issuer

    def __call__(self, token: str, source: str) -> Principal:
        """The principal of a token; Unauthenticated says why not."""
        claims = self._verifier.verify(token)
        reason = refusal(claims, self._issuer, self._clock.now())
        if reason is not None:
            raise Unauthenticated(reason)
        user = self._access.user(claims["sub"])
        if user is None or not user.enabled or seconds(claims["iat"]) < user.tokens_valid_from:
            raise Unauthenticated("The token is no longer valid; log in again.")
        return Principal(user.name, user.roles, source)
