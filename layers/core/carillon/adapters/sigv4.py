"""AWS's Signature Version 4 of a POST whose parameters are all in its body.

botocore's signer serves every shape of request, and copies the headers four times to do so.
tests/contract/test_light_client.py holds each signature against botocore's own.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.auth import SIGNED_HEADERS_BLACKLIST

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_UNSIGNED: Final = frozenset(SIGNED_HEADERS_BLACKLIST)
_OWN_PORT: Final = {"http": ":80", "https": ":443"}
_DAY: Final = 8


@dataclass(frozen=True, slots=True)
class Scope:
    """What a signature is good for, besides its day."""

    region: str
    service: str

    def on(self, day: str) -> str:
        """As it is written."""
        return f"{day}/{self.region}/{self.service}/aws4_request"


def sign(request: Any, credentials: Any, scope: Scope, moment: str) -> None:
    """Adds host, date, session token and signature to the headers; `moment` is such as 20261122T020000Z."""
    host, path = _place(request.url)
    request.headers |= {"Host": host, "X-Amz-Date": moment}
    if credentials.token:
        request.headers["X-Amz-Security-Token"] = credentials.token
    names, canonical = _canonical(path, request.headers, request.body)
    written = scope.on(moment[:_DAY])
    statement = f"{_ALGORITHM}\n{moment}\n{written}\n{sha256(canonical.encode()).hexdigest()}"
    signature = hmac.digest(_key(credentials.secret_key, written), statement.encode(), "sha256").hex()
    request.headers["Authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key}/{written}, SignedHeaders={names}, Signature={signature}"
    )


def _canonical(path: str, headers: Mapping[str, str], body: bytes) -> tuple[str, str]:
    """The names of the signed headers, and the request in the one form that is signed."""
    lowered = sorted((name.lower(), value) for name, value in headers.items())
    signed = [header for header in lowered if header[0] not in _UNSIGNED]
    names = ";".join(name for name, _ in signed)
    lines = "".join(f"{name}:{value}\n" for name, value in signed)
    return names, f"POST\n{path}\n\n{lines}\n{names}\n{sha256(body).hexdigest()}"


@lru_cache(16)
def _key(secret: str, written: str) -> bytes:
    """A day's key for a scope."""
    key = f"AWS4{secret}".encode()
    for part in written.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


@lru_cache(16)
def _place(url: str) -> tuple[str, str]:
    """Host, with the port where it is not the scheme's own, and path."""
    parts = urlsplit(url)
    return parts.netloc.removesuffix(_OWN_PORT[parts.scheme]), parts.path
