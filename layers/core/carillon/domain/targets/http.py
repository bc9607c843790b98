"""What a valid http target is: a method, a URL, headers and a JSON body that can be sent as they are written.

The same rules hold on save and at execution, because a secret's value enters the headers in between.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from carillon.domain.allow_list import AllowList
from carillon.domain.errors import FieldError, InvalidInput
from carillon.domain.secrets import Secret
from carillon.domain.targets.kind import Reach, Spec, TargetKind
from carillon.domain.targets.url import HttpUrl, parse_url

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
DEFAULT_METHOD: Final = "POST"
MAX_BODY_BYTES: Final = 65_536
MAX_HEADERS: Final = 64
MAX_HEADER_BYTES: Final = 8_192
_FIELDS: Final = frozenset({"kind", "method", "url", "headers", "body", "sign_with"})
_SECRET: Final = re.compile(r"\$\{secrets\.[A-Za-z_][A-Za-z0-9_]*\}")
_BODILESS: Final = frozenset({"GET", "HEAD"})
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")
_HEADER_VALUE: Final = re.compile(r"[\x20-\x7e\t]*")
# Carillon writes these itself, or they would change how the message is framed.
_RESERVED: Final = frozenset(
    [
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "idempotency-key",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ]
)
_RESERVED_PREFIXES: Final = ("carillon-", "proxy-")


def check_http(spec: Mapping[str, Any], allow_list: AllowList) -> tuple[FieldError, ...]:
    """Every fault of the specification, before anything is resolved or sent."""
    return (
        *_check_fields(spec),
        *_check_method(spec.get("method", DEFAULT_METHOD)),
        *_check_url(spec.get("url"), allow_list),
        *_check_headers(spec.get("headers", {})),
        *_check_body(spec),
        *_check_signing(spec.get("sign_with")),
    )


def host_of(spec: Spec) -> str | None:
    """Host and port as permissions and limits name them; None where the URL cannot be read."""
    url = spec.get("url")
    try:
        return parse_url(url).authority if isinstance(url, str) else None
    except InvalidInput:
        return None


def _ids(spec: Spec) -> tuple[str, ...]:
    host = host_of(spec)
    return () if host is None else (host,)


def _check(spec: Spec, reach: Reach) -> tuple[FieldError, ...]:
    return check_http(spec, reach.http)


KIND: Final = TargetKind(_check, _ids)


def encode_body(spec: Mapping[str, Any]) -> bytes | None:
    """The body's bytes: compact JSON, or a text as it is when a header declares a type other than JSON."""
    body = spec.get("body")
    if body is None:
        return None
    if isinstance(body, str) and "json" not in (content_type(spec) or "json"):
        return body.encode()
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def content_type(spec: Mapping[str, Any]) -> str | None:
    """The content type that the specification's own headers declare, in lower case."""
    for name, value in (spec.get("headers") or {}).items():
        if name.lower() == "content-type":
            return str(value).lower()
    return None


def _check_fields(spec: Mapping[str, Any]) -> Iterator[FieldError]:
    for name in sorted(set(spec) - _FIELDS):
        yield FieldError(
            name, "An http target has no such field; it takes method, url, headers, body and sign_with."
        )


def _check_signing(key: object) -> Iterator[FieldError]:
    if (
        key is not None
        and not isinstance(key, Secret)
        and not (isinstance(key, str) and _SECRET.fullmatch(key))
    ):
        yield FieldError("sign_with", "Name the secret that signs, such as ${secrets.SIGNING_KEY}.")


def _check_method(method: object) -> Iterator[FieldError]:
    if method not in METHODS:
        yield FieldError("method", f"Use one of {', '.join(METHODS)}, in capitals.")


def _check_url(text: object, allow_list: AllowList) -> Iterator[FieldError]:
    if not isinstance(text, str):
        yield FieldError("url", "Give the URL to call, for example https://api.example.com/jobs.")
        return
    try:
        url = parse_url(text)
    except InvalidInput as error:
        yield FieldError("url", str(error))
        return
    reason = url_refusal(url, allow_list)
    if reason:
        yield FieldError("url", reason)


def url_refusal(url: HttpUrl, allow_list: AllowList) -> str | None:
    """Why a well-formed URL may not be called, as far as it can be told without resolving its name."""
    if url.address is not None:
        reason = allow_list.refusal(url.host, url.address, url.port)
        if reason:
            return f"{reason}, and the stack's allow-list does not name it."
    if url.scheme == "http" and not allow_list.lists(url.host, url.port):
        return "Plain http is only for hosts on the stack's allow-list; use https."
    return None


def _check_headers(headers: object) -> Iterator[FieldError]:
    if not isinstance(headers, Mapping):
        yield FieldError("headers", "The headers must be a JSON object of names and texts.")
        return
    if len(headers) > MAX_HEADERS:
        yield FieldError("headers", f"There are {len(headers)} headers; {MAX_HEADERS} are allowed.")
    seen: set[str] = set()
    for name, value in headers.items():
        message = _header_fault(name, value, seen)
        if message:
            yield FieldError(f"headers.{ascii(name)[1:65].rstrip(chr(39))}", message)
        seen.add(str(name).lower())


def _header_fault(name: object, value: object, seen: set[str]) -> str | None:
    if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
        return "A header's name takes letters, digits and dashes only."
    lowered = name.lower()
    if lowered in _RESERVED or lowered.startswith(_RESERVED_PREFIXES):
        return "Carillon sets this header itself; leave it out."
    if lowered in seen:
        return "This header is given twice; names do not differ by case."
    if not isinstance(value, str) or not _HEADER_VALUE.fullmatch(value) or len(value) > MAX_HEADER_BYTES:
        return f"A header's value is one line of plain ASCII text, at most {MAX_HEADER_BYTES} characters."
    return None


def _check_body(spec: Mapping[str, Any]) -> Iterator[FieldError]:
    if spec.get("body") is None:
        return
    if spec.get("method", DEFAULT_METHOD) in _BODILESS:
        yield FieldError("body", "GET and HEAD carry no body; leave it out or use POST.")
    if not isinstance(spec.get("headers", {}), Mapping):
        return
    try:
        size = len(encode_body(spec) or b"")
    except (TypeError, ValueError, RecursionError):
        yield FieldError("body", "The body must be plain JSON: no NaN, no infinity, no lone surrogates.")
        return
    if size > MAX_BODY_BYTES:
        yield FieldError("body", f"The body is {size} bytes; {MAX_BODY_BYTES} are allowed.")
