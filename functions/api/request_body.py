"""The first door: a body is small, JSON by its content type, and strictly decoded, before anything else looks at it."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from api.errors import BodyTooLarge, UnsupportedMediaType
from carillon.domain.errors import InvalidJson
from carillon.domain.strict_json import decode

MAX_BODY_BYTES: Final = 256 * 1024


def body_of(event: Mapping[str, Any]) -> Any:
    """The decoded body, None when there is none; BodyTooLarge, UnsupportedMediaType, InvalidJson."""
    raw = _raw_body(event)
    if len(raw) > MAX_BODY_BYTES:
        raise BodyTooLarge(f"The body may have {MAX_BODY_BYTES} bytes at most.")
    if not raw.strip():
        return None
    if _media_type(event) != "application/json":
        raise UnsupportedMediaType
    try:
        return decode(raw.decode())
    except UnicodeDecodeError:
        raise InvalidJson("The body is not UTF-8.") from None


def _raw_body(event: Mapping[str, Any]) -> bytes:
    body: str = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return body.encode("utf-8", "surrogatepass")
    if len(body) > MAX_BODY_BYTES * 2:
        raise BodyTooLarge(f"The body may have {MAX_BODY_BYTES} bytes at most.")
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        raise InvalidJson("The body cannot be decoded.") from None


def with_plain_headers(event: Mapping[str, Any]) -> dict[str, Any]:
    """The request with header names in lower case and the JSON content type as the resolver compares it."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    if "content-type" in headers:
        headers["content-type"] = str(headers["content-type"]).strip().lower()
    return {**event, "headers": headers}


def _media_type(event: Mapping[str, Any]) -> str:
    return str(event["headers"].get("content-type", "")).partition(";")[0].strip()
