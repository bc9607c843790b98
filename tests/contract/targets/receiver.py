"""A real server on loopback whose every answer a test writes by hand, and calls to send to it."""

import contextlib
import socket
import threading
import time
from datetime import UTC, datetime, timedelta

from carillon.domain.target_call import TargetCall

FIRE_AT = datetime(2026, 11, 22, 2, tzinfo=UTC)


class Receiver:
    """Accepts connections one by one, keeps what it was sent, and lets `answer(connection)` reply."""

    def __init__(self, answer, wrap=None, read=True):
        self.requests = []
        self.accepted = 0
        self._answer = answer
        self._wrap = wrap
        self._read = read
        self._connection = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connection = connection
            self.accepted += 1
            with contextlib.suppress(OSError):
                self._converse(connection)
            connection.close()

    def _converse(self, connection):
        connection.settimeout(60)
        if self._wrap:
            connection = self._wrap(connection)
        with connection:
            if self._read:
                self.requests.append(read_request(connection))
            self._answer(connection)

    def close(self):
        for each in (self._listener, self._connection):
            with contextlib.suppress(OSError, AttributeError):
                each.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(60)


@contextlib.contextmanager
def closed_port():
    """A port of loopback where nobody listens, and which nobody else is given meanwhile."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def comes_true(condition, seconds=60.0):
    """Whether the condition holds before the time is over: another thread or the kernel may take a moment."""
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            return False
        time.sleep(0.01)
    return True


def read_request(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536) or b"\r\n\r\n"
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head.decode(), body


def reply(text, body=b""):
    return lambda connection: connection.sendall(text.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)


def make_call(spec, seconds=60.0, log=None):
    deadline_at = datetime.now(UTC) + timedelta(seconds=seconds)
    lines = [] if log is None else log
    return TargetCall("nightly@20261122T020000Z", "nightly", 1, FIRE_AT, deadline_at, spec, lines.append)
