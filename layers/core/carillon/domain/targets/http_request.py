"""The bytes of an http target's request, a pure function of the call: nothing else can shape it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from carillon.domain.moments import to_rfc3339
from carillon.domain.target_call import TargetCall
from carillon.domain.targets.http import DEFAULT_METHOD, content_type, encode_body
from carillon.domain.targets.signature import signature_headers
from carillon.domain.targets.url import HttpUrl
from carillon.domain.trace import TRACEPARENT

_BODY_METHODS: Final = frozenset({"POST", "PUT", "PATCH"})


def encode_request(call: TargetCall, url: HttpUrl, now: datetime) -> bytes:
    """Request line, headers and body, signed where the specification says so; it must have passed its check."""
    method = call.spec.get("method", DEFAULT_METHOD)
    body = encode_body(call.spec)
    lines = [f"{method} {url.target} HTTP/1.1"]
    headers = _headers(call, url, method, body)
    if call.spec.get("sign_with"):
        headers |= signature_headers(call.spec["sign_with"], now, call.run_id, body or b"")
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + (body or b"")


def _headers(call: TargetCall, url: HttpUrl, method: str, body: bytes | None) -> dict[str, str]:
    own: Mapping[str, Any] = call.spec.get("headers") or {}
    headers = {
        "Host": url.authority,
        "Accept-Encoding": "identity",
        "Connection": "close",
        "Idempotency-Key": call.run_id,
        "Carillon-Run-Id": call.run_id,
        "Carillon-Attempt": str(call.attempt),
        "Carillon-Fire-Time": to_rfc3339(call.fire_at),
    }
    names = {name.lower() for name in own}
    if TRACEPARENT not in names:
        # Of a traceparent that the schedule sets itself, our tracestate would tell nothing.
        headers |= {name: value for name, value in call.trace_context.items() if name not in names}
    if call.callback_token is not None:
        headers["Carillon-Callback-Token"] = call.callback_token
    if call.callback_url is not None:
        headers["Carillon-Callback-Url"] = call.callback_url
    if "user-agent" not in names:
        headers["User-Agent"] = "carillon"
    if body is not None and content_type(call.spec) is None:
        headers["Content-Type"] = "application/json"
    if body is not None or method in _BODY_METHODS:
        headers["Content-Length"] = str(len(body or b""))
    return headers | {name: str(value) for name, value in own.items()}
