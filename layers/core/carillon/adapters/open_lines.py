"""In place of botocore's HTTP session, for one host: a request goes straight down a connection that is open already.

Whatever else there is to do - to connect, to verify the host, to keep the pool - is done by botocore and urllib3. They
make four objects of each header of a request and of its answer, which is half of what a small call costs.
"""

from collections.abc import Iterator
from http.client import HTTPException, HTTPResponse, IncompleteRead
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError


class OpenLines:
    """Sends as botocore does while there is no open connection, and over the connection when there is one."""

    def __init__(self, usual: Any) -> None:
        self._usual = usual
        self._pool: Any = None

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        """The answer, or one of botocore's HTTPClientErrors."""
        connection = self._pool and self._pool._get_conn()
        if not connection or connection.sock is None:
            return self._as_usual(request)
        try:
            return self._straight(connection, request)
        except TimeoutError as error:
            raise ReadTimeoutError(endpoint_url=request.url, error=error) from error
        except (OSError, HTTPException) as error:
            raise ConnectionClosedError(endpoint_url=request.url, error=error) from error

    def close(self) -> None:
        """Closes all connections."""
        self._usual.close()

    def _as_usual(self, request: AWSPreparedRequest) -> AWSResponse:
        answer: AWSResponse = self._usual.send(request)
        # Where there is a proxy, connections are in another pool and none is ever found open in this one.
        self._pool = self._usual._manager.connection_from_url(request.url)
        return answer

    def _straight(self, connection: Any, request: AWSPreparedRequest) -> AWSResponse:
        try:
            return _exchange(connection, request)
        except BaseException:
            # What is left of this answer would be taken for that to the next request.
            connection.close()
            raise
        finally:
            self._pool._put_conn(connection)


class _Body:
    """An answer's body as botocore asks for it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> Iterator[bytes]:
        yield self._content


def _exchange(connection: Any, request: Any) -> AWSResponse:
    path = request.url.split("/", 3)[-1]
    headers = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    head = f"{request.method} /{path} HTTP/1.1\r\n{headers}\r\n"
    connection.sock.sendall(head.encode("ascii") + request.body)
    with HTTPResponse(connection.sock, method=request.method) as response:
        response.begin()
        if response.length is None and not response.chunked:
            # AWS says how long an answer is; one that does not was cut before it could.
            raise IncompleteRead(b"")
        body = response.read()
        if response.will_close:
            connection.close()
        told: Any = dict(response.headers.items())
        return AWSResponse(request.url, response.status, told, _Body(body))
