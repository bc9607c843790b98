"""API Gateway's HTTP API in front of the functions: payload format 2.0, as it treats paths and bodies.

It decodes the path before the function sees it, and cuts it at a question mark that was encoded; joins
repeated headers and query parameters by commas; and hands over anything but known text as base64.
"""

import base64
import binascii
import json
import time
import urllib.parse
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as WaitedTooLong
from datetime import UTC, datetime
from typing import Any

from local.inventory import ACCOUNT, Route
from local.invoker import Invoker
from local.sandbox import INIT_SECONDS, Answer
from local.swagger import swagger
from local.web import Request, Response

# API Gateway waits 30 s; a cold start, which has its own limit on a laptop, comes on top.
TIMEOUT_SECONDS = 30 + INIT_SECONDS
_TEXT_TYPES = ("text/", "application/json", "application/javascript", "application/xml")
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "upgrade", "cookie"}
_THREADS = 16


class HttpFront:
    """Answers every request by the function that its route names."""

    def __init__(self, routes: Sequence[Route], invoker: Invoker) -> None:
        # The most exact route wins: no wildcard before one, a longer path before a shorter.
        self._routes = sorted(
            routes, key=lambda route: ("+" in route.path, "{" in route.path, -len(route.path))
        )
        self._invoker = invoker
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="api")

    def __call__(self, request: Request) -> Response:
        """Answer one request of a client."""
        path = decoded_path(request.target)
        page = swagger(path)
        if page is not None:
            return page
        for route in self._routes:
            parameters = match(route, request.method, path)
            if parameters is not None:
                event = json.dumps(event_of(request, route, path, parameters)).encode()
                return self._ask(route.function, event)
        return _message(404, "Not Found")

    def stop(self) -> None:
        """Take no more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _ask(self, function: str, event: bytes) -> Response:
        try:
            answer = self._threads.submit(self._invoker.invoke, function, event).result(TIMEOUT_SECONDS)
        except (WaitedTooLong, RuntimeError):
            return _message(503, "Service Unavailable")
        return response_of(answer)


def decoded_path(target: str) -> str:
    """Give the path as a function sees it in rawPath."""
    path = urllib.parse.unquote(target.partition("?")[0])
    return path.partition("?")[0] or "/"


def match(route: Route, method: str, path: str) -> dict[str, str] | None:
    """Give the path parameters if the route is this request's, else None."""
    if route.method not in {"ANY", method}:
        return None
    if route.path == "$default":
        return {}
    wanted, found = route.path.strip("/").split("/"), path.strip("/").split("/")
    parameters: dict[str, str] = {}
    for index, part in enumerate(wanted):
        if part.endswith("+}"):
            rest = "/".join(found[index:])
            return {**parameters, part[1:-2]: rest} if rest else None
        if index >= len(found):
            return None
        if part.startswith("{") and found[index]:
            parameters[part[1:-1]] = found[index]
        elif part != found[index]:
            return None
    return parameters if len(wanted) == len(found) else None


def event_of(request: Request, route: Route, path: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Write the event that API Gateway would send, in payload format 2.0."""
    query = request.target.partition("?")[2]
    key = "$default" if route.path == "$default" else f"{route.method} {route.path}"
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": key,
        "rawPath": path,
        "rawQueryString": query,
        "headers": _headers(request),
        "requestContext": _context(request, key, path),
        **_body(request),
    }
    cookies = [part.strip() for value in _all(request, "cookie") for part in value.split(";")]
    if cookies:
        event["cookies"] = cookies
    if query:
        event["queryStringParameters"] = _joined(urllib.parse.parse_qsl(query, keep_blank_values=True))
    if parameters:
        event["pathParameters"] = dict(parameters)
    return event


def _context(request: Request, key: str, path: str) -> dict[str, Any]:
    now = time.time()
    return {
        "accountId": ACCOUNT,
        "apiId": "laptop",
        "domainName": request.header("Host") or "127.0.0.1",
        "domainPrefix": "laptop",
        "http": {
            "method": request.method,
            "path": path,
            "protocol": "HTTP/1.1",
            "sourceIp": request.peer,
            "userAgent": request.header("User-Agent") or "",
        },
        "requestId": str(uuid.uuid4()),
        "routeKey": key,
        "stage": "$default",
        "time": datetime.fromtimestamp(now, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": int(now * 1000),
    }


def _headers(request: Request) -> dict[str, str]:
    kept = [(name.lower(), value) for name, value in request.headers if name.lower() not in _HOP_BY_HOP]
    return _joined([*kept, ("x-forwarded-for", request.peer), ("x-forwarded-proto", "https")])


def _all(request: Request, name: str) -> list[str]:
    return [value for key, value in request.headers if key.lower() == name]


def _joined(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _body(request: Request) -> dict[str, Any]:
    if not request.body:
        return {"isBase64Encoded": False}
    kind = (request.header("Content-Type") or "").lower()
    if kind.startswith(_TEXT_TYPES) or "+json" in kind:
        try:
            return {"body": request.body.decode(), "isBase64Encoded": False}
        except UnicodeDecodeError:
            pass
    return {"body": base64.b64encode(request.body).decode(), "isBase64Encoded": True}


def response_of(answer: Answer) -> Response:
    """Make the client's response of what the function answered."""
    if answer.error is not None:
        return _message(500, "Internal Server Error")
    try:
        document = json.loads(answer.payload)
        if not isinstance(document, dict) or "statusCode" not in document:
            return Response(200, answer.payload, (("Content-Type", "application/json"),))
        text = document.get("body") or ""
        body = base64.b64decode(text, validate=True) if document.get("isBase64Encoded") else text.encode()
        headers = {str(name): str(value) for name, value in (document.get("headers") or {}).items()}
        cookies = [("Set-Cookie", str(cookie)) for cookie in document.get("cookies") or []]
        return Response(int(document["statusCode"]), body, (*headers.items(), *cookies))
    except (ValueError, TypeError, AttributeError, binascii.Error):
        return _message(500, "Internal Server Error")


def _message(status: int, text: str) -> Response:
    return Response(status, json.dumps({"message": text}).encode(), (("Content-Type", "application/json"),))
