"""What a token must say: which claims are required, and why a token is refused. The signature is judged elsewhere."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from carillon.domain.moments import from_ms, to_ms

REQUIRED: Final = ("exp", "iat", "sub", "iss", "aud", "jti")
LIFETIME: Final = timedelta(hours=1)
LEEWAY: Final = timedelta(seconds=30)
"""Room for clocks that differ: a token from slightly ahead is not from the future."""


def new_claims(subject: str, issuer: str, issued_at: datetime, token_id: str) -> dict[str, Any]:
    """The claims of a fresh token; the audience is the issuer itself."""
    issued = to_ms(issued_at) // 1000
    return {
        "sub": subject,
        "iss": issuer,
        "aud": issuer,
        "iat": issued,
        "exp": issued + int(LIFETIME.total_seconds()),
        "jti": token_id,
    }


def refusal(
    claims: Mapping[str, Any], issuer: str, now: datetime, *, audience: str | None = None
) -> str | None:
    """Why the claims are not acceptable, or None.

    This stack's own tokens are for the stack itself. Another issuer's must be for `audience`, perhaps among others,
    and need no jti: not every issuer gives one.
    """
    missing = [name for name in REQUIRED if name not in claims and (audience is None or name != "jti")]
    if missing:
        return f"The token lacks {', '.join(missing)}."
    if not all(_is_seconds(claims[name]) for name in ("exp", "iat")):
        return "The token's exp and iat must be whole numbers of seconds."
    if not all(isinstance(claims[name], str) and claims[name] for name in ("sub", "jti") if name in claims):
        return "The token's sub and jti must be texts."
    if claims["iss"] != issuer or not _is_for(claims["aud"], issuer, audience):
        return "The token was issued by or for somebody else."
    if now >= seconds(claims["exp"]):
        return "The token has expired; log in again."
    starts = claims.get("nbf", claims["iat"])
    if not _is_seconds(starts) or seconds(max(starts, claims["iat"])) > now + LEEWAY:
        return "The token is from the future."
    return None


def claimed_issuer(token: str) -> str:
    """The issuer that a token claims for itself, unverified; empty when it cannot be read."""
    try:
        body = token.split(".")[1]
        claims = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        issuer = claims["iss"]
    except (ValueError, IndexError, KeyError, TypeError, RecursionError):
        return ""
    return issuer if isinstance(issuer, str) else ""


def names_in(claims: Mapping[str, Any], path: str) -> tuple[str, ...]:
    """The texts of a claim, one or a list of them; dots lead into objects, as in realm_access.roles."""
    value: Any = claims
    # A name with dots of its own, such as https://example.com/roles, is tried as it is first.
    for name in [path] if path in claims else path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    found = value if isinstance(value, list) else [value]
    return tuple(each for each in found if isinstance(each, str))


def seconds(value: int) -> datetime:
    """The moment of a numeric date."""
    return from_ms(value * 1000)


def _is_for(claimed: object, issuer: str, audience: str | None) -> bool:
    if audience is None:
        return claimed == issuer
    return audience in claimed if isinstance(claimed, list) else claimed == audience


def _is_seconds(value: object) -> bool:
    # Bounded, so that no claim can overflow the calendar.
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**33
