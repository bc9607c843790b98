"""A server on loopback that answers AWS calls as it is told, one answer after another, and remembers what it heard."""

import json
import socket
import threading
from contextlib import suppress


def ok(**document):
    """A success."""
    return _answer(200, document)


def error(status, code, **more):
    """A refusal as DynamoDB words it."""
    return _answer(
        status, {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "told so", **more}
    )


def _answer(status, document):
    body = json.dumps(document).encode()
    head = f"HTTP/1.1 {status} Said\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Hangup:
    """What is sent before the server closes the connection."""

    def __init__(self, first=b""):
        self.first = first


class AwsServer:
    """Takes connections until it is closed; past its last answer it says what `otherwise` makes of a request."""

    def __init__(self, *answers, wrap=lambda connection: connection, otherwise=lambda heard: ok()):
        self.answers, self.wrap, self.otherwise = list(answers), wrap, otherwise
        self.requests, self.connections = [], 0
        self.of_request = []
        """Which connection each request came over."""
        self.hung_up = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def port(self):
        return self._listener.getsockname()[1]

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        for connection in self._open:
            connection.close()
        for thread in self._threads[1:]:
            thread.join()
        self._listener.close()

    def _accept(self):
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(plain, self.connections))
            self._threads.append(thread)
            thread.start()

    def _serve(self, plain, number):
        try:
            with self.wrap(plain) as connection, connection.makefile("rb") as lines:
                self._open.append(_Half(connection))
                while (heard := _request(lines)) is not None:
                    self.requests.append(heard)
                    self.of_request.append(number)
                    answer = self.answers.pop(0) if self.answers else self.otherwise(heard)
                    connection.sendall(answer.first if isinstance(answer, Hangup) else answer)
                    if isinstance(answer, Hangup):
                        break
        except OSError:
            pass  # A client that refuses this server's certificate hangs up in the middle of the handshake.
        self.hung_up.set()


class _Half:
    """Ends a connection that another thread reads from."""

    def __init__(self, connection):
        self._connection = connection

    def close(self):
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)


def _request(lines):
    """Headers in lower case and body; None at the end."""
    if not lines.readline():
        return None
    headers = {}
    while line := lines.readline().decode().rstrip("\r\n"):
        name, _, value = line.partition(": ")
        headers[name.lower()] = value
    return headers, lines.read(int(headers["content-length"]))
