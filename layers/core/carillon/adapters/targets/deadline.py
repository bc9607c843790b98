"""A socket under one total deadline, so that a peer that answers byte by byte gains no time."""

import io
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment, on the monotonic clock, by which everything must be done."""

    at: float

    @classmethod
    def within(cls, seconds: float) -> "Deadline":
        """The deadline that many seconds from now."""
        return cls(time.monotonic() + seconds)

    def seconds_left(self) -> float:
        """Seconds left; TimeoutError when there are none."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        return left


LOOK_SECONDS: Final = 0.5


class CancelledError(Exception):
    """Somebody wants the attempt to stop: the answer is no longer waited for."""


class DeadlineSocket(io.RawIOBase):
    """A connected socket, plain or TLS, each of whose operations gets only the time that is left."""

    def __init__(
        self, connection: socket.socket, deadline: Deadline, cancelled: Callable[[], bool] = bool
    ) -> None:
        super().__init__()
        self._connection = connection
        self._deadline = deadline
        self._cancelled = cancelled

    def sendall(self, data: bytes) -> None:
        """Sends everything, or raises TimeoutError or another OSError."""
        rest = memoryview(data)
        while rest:
            self._connection.settimeout(self._deadline.seconds_left())
            rest = rest[self._connection.send(rest) :]

    def makefile(self, _mode: str) -> io.BufferedReader:
        """The incoming bytes as http.client wants them."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """Always true: io.BufferedReader asks."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Receives what has arrived; 0 at the end of the stream. CancelledError when it is not wanted any more."""
        while True:
            if self._cancelled():
                raise CancelledError
            self._connection.settimeout(min(self._deadline.seconds_left(), LOOK_SECONDS))
            try:
                return self._connection.recv_into(buffer)
            except TimeoutError:
                continue  # A pause to look whether the attempt is still wanted; the deadline ends the loop.

    def close(self) -> None:
        """Closes the connection too."""
        self._connection.close()
        super().close()
