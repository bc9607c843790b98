"""Headers of every answer: nothing is stored, nothing is guessed, nothing is framed."""

from typing import Any, Final

SECURITY_HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


def with_security_headers(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer with header names in lower case; a header that a route has set itself stays."""
    own = {name.lower(): value for name, value in answer.get("headers", {}).items()}
    return {**answer, "headers": {**SECURITY_HEADERS, **own}}
