"""A wire between the worker and a service, which does what the name of the work in a request says.

`ok-work` passes. `later-work` is throttled once and then passes. `denied-work` is refused. `lost-work` passes once, so
that its effect is there, and its answer does not arrive.
"""

import http.client
import json
import re
import threading
from collections import Counter

from local.web import Response, Server

_NAMES = re.compile(r"(ok|later|denied|lost)-work")
_OWN_HEADERS = {"connection", "content-length", "date", "server", "transfer-encoding"}


class LostAnswerError(Exception):
    """Closes the connection without an answer."""


class Wire:
    """Counts the calls by the name of their work; `upstream` is where they pass to."""

    def __init__(self, throttled, denied):
        self.upstream = ""
        self.calls = Counter()
        self.wait = threading.Event()
        self._throttled, self._denied = throttled, denied
        self._lock = threading.Lock()
        self._server = Server(self._respond)

    @property
    def url(self):
        return f"http://{self._server.address}"

    def stop(self):
        self.wait.set()
        self._server.stop()

    def _respond(self, request):
        found = _NAMES.search(request.target) or _NAMES.search(request.body.decode(errors="replace"))
        if found is None:
            return self._passed(request)
        with self._lock:
            self.calls[found[0]] += 1
            is_first = self.calls[found[0]] == 1
        if found[1] == "denied":
            return self._denied
        if found[1] == "later" and is_first:
            return self._throttled
        if found[1] == "lost" and is_first:
            return self._lost(request)
        return self._passed(request)

    def _lost(self, request):
        self._passed(request)
        raise LostAnswerError

    def _passed(self, request):
        connection = http.client.HTTPConnection(self.upstream.removeprefix("http://"), timeout=120)
        try:
            connection.request(request.method, request.target, request.body, dict(request.headers))
            answer = connection.getresponse()
            headers = tuple(pair for pair in answer.getheaders() if pair[0].lower() not in _OWN_HEADERS)
            return Response(answer.status, answer.read(), headers)
        finally:
            connection.close()


class StallingWire(Wire):
    """A wire on which lost work hangs, so that whoever asked can be killed."""

    def _lost(self, request):
        self.wait.wait(120)
        raise LostAnswerError


class PlainService(Wire):
    """A service of somebody's own instead of a wire: what passes is answered 200."""

    def _passed(self, request):
        return Response(
            200, json.dumps({"received": request.target}).encode(), (("Content-Type", "application/json"),)
        )


def error(status, code):
    """An error as the services with JSON protocols write it."""
    body = json.dumps({"__type": code, "message": "so it is"}).encode()
    kinds = (("x-amzn-ErrorType", code), ("x-amzn-query-error", f"{code};Sender"))
    return Response(status, body, (*kinds, ("Content-Type", "application/x-amz-json-1.1")))


def xml_error(status, code, *, wrapped=True):
    """An error as SNS (wrapped) and S3 write it."""
    inner = f"<Error><Code>{code}</Code><Message>so it is</Message></Error>"
    text = f"<ErrorResponse>{inner}</ErrorResponse>" if wrapped else inner
    return Response(status, text.encode(), (("Content-Type", "text/xml"),))
