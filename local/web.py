"""The small HTTP server under every door of the laptop cloud; it listens on 127.0.0.1 only."""

import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent: the target is the path with its query, as it came over the wire."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    peer: str

    def header(self, name: str) -> str | None:
        """Give the first value of a header, whatever its case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Response:
    """What goes back to the client; a header may occur more than once."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


class Respond(Protocol):
    """Answers one request; it runs in a thread of its own."""

    def __call__(self, request: Request, /) -> Response: ...


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One write per answer: header and body in two packets would wait for each other's acknowledgement.
    wbufsize = 1 << 16
    disable_nagle_algorithm = True
    server: "Server"

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > self.server.body_limit:
            self.close_connection = True
            self._write(Response(413, b'{"message":"Request Entity Too Large"}'))
            return
        request = Request(
            self.command,
            self.path,
            tuple(self.headers.items()),
            self.rfile.read(length),
            self.client_address[0],
        )
        self._write(self.server.respond(request))

    def __getattr__(self, name: str) -> Any:
        # Whatever the method is called: the function says which ones an address takes.
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def _write(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers:
            self.send_header(name, value)
        if response.status != 204:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the terminal for the progress lines."""


class Server(ThreadingHTTPServer):
    """Serves one `Respond` on 127.0.0.1 in background threads until `stop`."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, respond: Respond, *, port: int = 0, body_limit: int = 10 * 1024 * 1024) -> None:
        super().__init__((LOOPBACK, port), _Handler)
        self.respond = respond
        self.body_limit = body_limit
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.1}, name=f"http-{self.port}", daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.server_address[1])

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{LOOPBACK}:{self.port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away in mid-answer is no event: killed functions do so."""

    def stop(self) -> None:
        """Stop listening; requests still being answered are left to their threads."""
        self.shutdown()
        self.server_close()
        self._thread.join()
