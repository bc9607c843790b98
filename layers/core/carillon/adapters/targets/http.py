"""Calls an http target: once, on a pinned address, without redirects or proxies, under one total deadline.

Of an answer's body at most 64 KiB are read and kept; a longer one is cut off and marked `truncated`, since
the status has decided the outcome by then. A compressed body is neither asked for nor expanded nor kept.
"""

import functools
import json
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPException, HTTPResponse
from typing import Any, Final, NoReturn, cast

from carillon.adapters.targets.addresses import Resolver, pin_addresses, system_resolver
from carillon.adapters.targets.deadline import CancelledError, Deadline, DeadlineSocket
from carillon.domain.allow_list import AllowList
from carillon.domain.errors import FieldError
from carillon.domain.outcome import Outcome, OutcomeKind, permanent, retryable, timed_out
from carillon.domain.target_call import TargetCall
from carillon.domain.targets.http import DEFAULT_METHOD, check_http
from carillon.domain.targets.http_answers import read_answer
from carillon.domain.targets.http_request import encode_request
from carillon.domain.targets.url import HttpUrl, parse_url

MAX_ANSWER_BYTES: Final = 65_536
Connector = Callable[[str, int, float], socket.socket]


@functools.cache
def shared_context() -> ssl.SSLContext:
    """The container's one TLS context: certificates and names are verified, TLS 1.2 is the least."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def connect_to(address: str, port: int, timeout_seconds: float) -> socket.socket:
    """Opens a TCP connection to a numeric address; nothing is resolved."""
    return socket.create_connection((address, port), timeout_seconds)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class HttpTarget:
    """The http target of one stack; safe to share between threads."""

    def __init__(
        self,
        allow_list: AllowList,
        *,
        resolve: Resolver = system_resolver,
        connect: Connector = connect_to,
        context: Callable[[], ssl.SSLContext] = shared_context,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._allow_list = allow_list
        self._resolve = resolve
        self._connect = connect
        self._context = context
        self._now = now

    def check(self, spec: Mapping[str, Any]) -> tuple[FieldError, ...]:
        """Every fault of the specification; resolves nothing."""
        return check_http(spec, self._allow_list)

    def execute(self, call: TargetCall) -> Outcome:
        """Sends the request once and reads the answer."""
        faults = self.check(call.spec)
        if faults:
            return permanent("invalid_target", f"{faults[0].field}: {faults[0].message}")
        deadline = Deadline.within((call.deadline_at - self._now()).total_seconds())
        try:
            return self._call(call, parse_url(call.spec["url"]), deadline)
        except TimeoutError:
            return timed_out("The deadline passed before the request was sent.")

    def _call(self, call: TargetCall, url: HttpUrl, deadline: Deadline) -> Outcome:
        pinned = pin_addresses(url, self._allow_list, self._resolve, deadline)
        if isinstance(pinned, Outcome):
            return pinned
        opened = self._open(url, pinned, deadline, call.cancelled)
        if isinstance(opened, Outcome):
            return opened
        with closing(opened):
            method = call.spec.get("method", DEFAULT_METHOD)
            return _exchange(opened, encode_request(call, url, self._now()), method, self._now)

    def _open(
        self, url: HttpUrl, addresses: tuple[str, ...], deadline: Deadline, cancelled: Callable[[], bool]
    ) -> DeadlineSocket | Outcome:
        connection = self._connect_first(url, addresses, deadline)
        if isinstance(connection, Outcome):
            return connection
        if url.scheme == "https":
            try:
                connection.settimeout(deadline.seconds_left())
                connection = self._context().wrap_socket(connection, server_hostname=url.host)
            except OSError as error:
                connection.close()
                return _tls_failure(url, error)
        return DeadlineSocket(connection, deadline, cancelled)

    def _connect_first(
        self, url: HttpUrl, addresses: tuple[str, ...], deadline: Deadline
    ) -> socket.socket | Outcome:
        failure: OSError | None = None
        for position, address in enumerate(addresses):
            # An address that swallows packets must leave time for the others.
            share = deadline.seconds_left() / (len(addresses) - position)
            try:
                return self._connect(address, url.port, share)
            except OSError as error:
                failure = error
        deadline.seconds_left()
        word = "connection_refused" if isinstance(failure, ConnectionRefusedError) else "not_connected"
        return retryable(word, f"No connection to {url.authority}: {failure}. Nothing was sent.")


def _tls_failure(url: HttpUrl, error: OSError) -> Outcome:
    if isinstance(error, TimeoutError):
        raise error
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = error.verify_message
        return permanent("certificate_refused", f"The certificate of {url.host} is refused: {reason}")
    return retryable("tls_failed", f"No TLS connection to {url.authority}: {error}. Nothing was sent.")


def _exchange(
    connection: DeadlineSocket, request: bytes, method: str, now: Callable[[], datetime]
) -> Outcome:
    try:
        connection.sendall(request)
        # HTTPResponse only calls makefile; handing it ours keeps each read under the deadline.
        response = HTTPResponse(cast(socket.socket, connection), method=method)
        with closing(response):
            response.begin()
            output = _read_output(response)
            return read_answer(response.status, response.getheader("Retry-After"), now(), output)
    except TimeoutError:
        return timed_out(
            "The answer was not complete by the deadline; whether the target acted is not known."
        )
    except CancelledError:
        return retryable(
            "cancelled", "The answer was no longer waited for; whether the target acted is not known."
        )
    except OSError as error:
        return _lost(str(error))
    except HTTPException as error:
        return _lost(f"{type(error).__name__} {error}"[:200])


def _lost(reason: str) -> Outcome:
    message = f"The request was sent but its answer was lost ({reason}); the effect is unknown."
    return Outcome(OutcomeKind.UNKNOWN, message, error="answer_lost")


def _read_output(response: HTTPResponse) -> dict[str, Any]:
    output: dict[str, Any] = {"status": response.status, "content_type": response.getheader("Content-Type")}
    encoding = (response.getheader("Content-Encoding") or "identity").strip().lower()
    if encoding != "identity":
        return output | {"content_encoding": encoding[:40], "body": None}
    raw = response.read(MAX_ANSWER_BYTES + 1)
    if response.length and len(raw) <= MAX_ANSWER_BYTES:
        raise ConnectionError("the body ended early")
    truncated = len(raw) > MAX_ANSWER_BYTES
    text = raw[:MAX_ANSWER_BYTES].decode(errors="replace")
    is_json = "json" in (output["content_type"] or "").lower() and not truncated
    return output | {"body": _parse_json(text) if is_json else text, "truncated": truncated}


def _parse_json(text: str) -> object:
    """The value, or the text itself when it is not strict JSON."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return text


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
