"""A small service for demo jobs to call: it records every call and misbehaves on request.

The path says how: `/ok/…` answers 200, `/flaky/N/…` fails the first N calls with one idempotency key,
`/fail/…` always fails, `/hang/SECONDS/…` answers late, `/stall/SECONDS/…` only the first call with a key.
"""

import json
import threading
import time
from collections import Counter
from dataclasses import dataclass

from local.web import Request, Response, Server


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it came in; `key` is its Idempotency-Key."""

    path: str
    key: str
    headers: tuple[tuple[str, str], ...]
    at: float
    body: bytes
    status: int


class Receiver:
    """Serves until `stop`; `calls` gives what came in so far."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._seen: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._server = Server(self._respond)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{self._server.address}"

    def calls(self) -> list[Call]:
        """Give every call so far, in order of arrival."""
        with self._lock:
            return list(self._calls)

    def stop(self) -> None:
        """Answer whoever hangs, and stop."""
        self._stopping.set()
        self._server.stop()

    def _respond(self, request: Request) -> Response:
        now = time.time()
        key = request.header("Idempotency-Key") or ""
        with self._lock:
            self._seen[key] += 1
            delay = _delay_seconds(request.target, self._seen[key])
            status = _status(request.target, self._seen[key])
            self._calls.append(Call(request.target, key, request.headers, now, request.body, status))
        self._stopping.wait(delay)
        body = json.dumps({"received": request.target, "key": key}).encode()
        return Response(status, body, (("Content-Type", "application/json"),))


def _status(path: str, calls_with_key: int) -> int:
    parts = path.strip("/").split("/")
    if parts[0] == "fail":
        return 500
    if parts[0] == "flaky" and calls_with_key <= int(parts[1]):
        return 503
    return 200


def _delay_seconds(path: str, calls_with_key: int) -> float:
    parts = path.strip("/").split("/")
    slow = parts[0] == "hang" or (parts[0] == "stall" and calls_with_key == 1)
    return float(parts[1]) if slow else 0.0
