"""What a token must say: which claims are required, and why a token is refused. The signature is judged elsewhere."""

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


def refusal(claims: Mapping[str, Any], issuer: str, now: datetime) -> str | None:
    """Why the claims are not acceptable, or None."""
    missing = [name for name in REQUIRED if name not in claims]
    if missing:
        return f"The token lacks {', '.join(missing)}."
    if not all(_is_seconds(claims[name]) for name in ("exp", "iat")):
        return "The token's exp and iat must be whole numbers of seconds."
    if not all(isinstance(claims[name], str) and claims[name] for name in ("sub", "jti")):
        return "The token's sub and jti must be texts."
    if claims["iss"] != issuer or claims["aud"] != issuer:
        return "The token was issued by or for somebody else."
    if now >= seconds(claims["exp"]):
        return "The token has expired; log in again."
    if seconds(claims["iat"]) > now + LEEWAY:
        return "The token is from the future."
    return None


def seconds(value: int) -> datetime:
    """The moment of a numeric date."""
    return from_ms(value * 1000)


def _is_seconds(value: object) -> bool:
    # Bounded, so that no claim can overflow the calendar.
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**33
