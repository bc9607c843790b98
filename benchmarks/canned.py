"""A server on loopback that answers every AWS call with a fixed success, so that only our own side is measured."""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection

ANSWERS = {
    "TransactWriteItems": b"{}",
    "SendMessageBatch": b'{"Successful":[],"Failed":[]}',
    "PutItem": b"{}",
    "Query": b'{"Items":[],"Count":0,"ScannedCount":0}',
}


class _Canned(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = ANSWERS[self.headers["X-Amz-Target"].rpartition(".")[2]]
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def _serve(tell: Connection) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Canned)
    tell.send(server.server_port)
    server.serve_forever()


@contextmanager
def canned_aws() -> Iterator[str]:
    """The endpoint of a canned server in a process of its own, ended with the block."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.kill()
        process.join()
