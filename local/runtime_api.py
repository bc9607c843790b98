"""The Lambda Runtime API for one sandbox: what the runtime client asks for work and hands results to.

One sandbox has one server, because the client's error path wants a plain host and port. Everything
that happens to the sandbox (it is ready, it answered, it failed, its process ended) arrives in one queue
of outcomes, in order.
"""

import json
import queue
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from local.web import Request, Response, Server

_PREFIX = "/2018-06-01/runtime/"


class Kind(Enum):
    """What can happen to a sandbox."""

    READY = auto()
    ANSWER = auto()
    ERROR = auto()
    INIT_ERROR = auto()
    EXIT = auto()


@dataclass(frozen=True, slots=True)
class Outcome:
    """One thing that happened; `request_id` is empty where it belongs to no invocation."""

    kind: Kind
    payload: bytes = b""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """One invocation as the runtime client receives it."""

    request_id: str
    event: bytes
    deadline_ms: int
    function_arn: str
    trace: str

    def headers(self) -> Mapping[str, str]:
        """Give the headers that the runtime client makes the context from."""
        return {
            "Lambda-Runtime-Aws-Request-Id": self.request_id,
            "Lambda-Runtime-Deadline-Ms": str(self.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": self.function_arn,
            "Lambda-Runtime-Trace-Id": self.trace,
            "Content-Type": "application/json",
        }


class RuntimeApi:
    """Serves one sandbox; `next` blocks the runtime client until there is work."""

    def __init__(self) -> None:
        self.outcomes: queue.Queue[Outcome] = queue.Queue()
        self._work: queue.Queue[Work | None] = queue.Queue()
        self._server = Server(self._respond)

    @property
    def address(self) -> str:
        """The value of AWS_LAMBDA_RUNTIME_API."""
        return self._server.address

    def hand_over(self, work: Work) -> None:
        """Let the waiting runtime client have this invocation."""
        self._work.put(work)

    def stop(self) -> None:
        """Close the door; end the sandbox's process first."""
        self._work.put(None)
        self._server.stop()

    def _respond(self, request: Request) -> Response:
        parts = request.target.removeprefix(_PREFIX).split("/")
        if parts == ["invocation", "next"]:
            return self._next()
        if parts == ["init", "error"]:
            return self._note(Outcome(Kind.INIT_ERROR, request.body))
        if len(parts) == 3 and parts[0] == "invocation":
            kind = Kind.ANSWER if parts[2] == "response" else Kind.ERROR
            return self._note(Outcome(kind, request.body, parts[1]))
        return Response(404, b'{"errorType":"NotFound"}')

    def _next(self) -> Response:
        self.outcomes.put(Outcome(Kind.READY))
        work = self._work.get()
        if work is None:
            return Response(410)
        return Response(200, work.event, tuple(work.headers().items()))

    def _note(self, outcome: Outcome) -> Response:
        self.outcomes.put(outcome)
        return Response(202, json.dumps({"status": "OK"}).encode())
