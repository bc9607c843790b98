"""Cursors of lists: opaque to clients, authenticated, and good for one list only.

A cursor is base64url(tag + JSON of the store's key); the tag is an HMAC over the list's name and that JSON.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, Final

from carillon.domain.errors import FieldError, InvalidInput

LONGEST_CURSOR: Final = 2048
_TAG_BYTES: Final = 16


def seal_cursor(key: bytes, listing: str, position: Mapping[str, Any]) -> str:
    """The text a client sends back to go on after a position."""
    body = json.dumps(position, separators=(",", ":"), sort_keys=True).encode()
    return urlsafe_b64encode(_tag(key, listing, body) + body).rstrip(b"=").decode()


def open_cursor(key: bytes, listing: str, text: str) -> Mapping[str, Any]:
    """The position in a cursor of this list; InvalidInput for every text that this stack did not make for it."""
    try:
        raw = urlsafe_b64decode(text[:LONGEST_CURSOR] + "=" * (-len(text) % 4))
        tag, body = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
        if hmac.compare_digest(tag, _tag(key, listing, body)):
            position: Mapping[str, Any] = json.loads(body)
            return position
    except ValueError:
        pass
    fault = FieldError("cursor", "Send next_cursor of the previous page unchanged, to the same list.")
    raise InvalidInput("The cursor is not valid.", [fault])


def _tag(key: bytes, listing: str, body: bytes) -> bytes:
    return hmac.digest(key, listing.encode() + b"\0" + body, hashlib.sha256)[:_TAG_BYTES]
