"""Spans to a collector beside the function, by OpenTelemetry's protocol over HTTP in JSON: no SDK, one request a batch.

A trace is for people: what the collector does not take is told once and dropped, and never costs a run anything.
"""

import json
import threading
from http.client import HTTPConnection, HTTPException
from typing import Final
from urllib.parse import urlsplit

from carillon.domain.span import Span, spans_document
from carillon.ports.world import Log

TIMEOUT_SECONDS: Final = 1.0
PATH: Final = "/v1/traces"


class OtlpSpans:
    """Spans; safe to tell from several threads."""

    def __init__(self, endpoint: str, environment: str, log: Log) -> None:
        self._address = urlsplit(endpoint).netloc
        self._environment = environment
        self._log = log
        self._lock = threading.Lock()
        self._told: list[Span] = []

    def tell(self, span: Span | None) -> None:
        """Keeps a span for the next flush."""
        if span is not None:
            with self._lock:
                self._told.append(span)

    def flush(self) -> None:
        """Sends what was told since the last time."""
        with self._lock:
            spans, self._told = self._told, []
        if not spans:
            return
        body = json.dumps(spans_document(spans, self._environment), separators=(",", ":"))
        connection = HTTPConnection(self._address, timeout=TIMEOUT_SECONDS)
        try:
            connection.request("POST", PATH, body, {"Content-Type": "application/json"})
            status = connection.getresponse().status
        except (OSError, HTTPException) as error:
            self._log("spans_dropped", f"The collector does not answer: {error}", spans=len(spans))
        else:
            if status >= 300:
                self._log("spans_dropped", f"The collector answered {status}.", spans=len(spans))
        finally:
            connection.close()
