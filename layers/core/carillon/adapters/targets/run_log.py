"""What a task says while it runs, cut to a bounded number of bounded lines before it leaves the child."""

import threading
from collections.abc import Callable
from typing import Final

MAX_LOG_LINES: Final = 200
MAX_LINE_BYTES: Final = 1_024


class RunLog:
    """One run's log lines on their way to the parent: 200 lines of 1 KiB, then one line that says so."""

    def __init__(self, send: Callable[[str], None]) -> None:
        self._pass_on = send
        self._lines = 0
        self._partial = ""
        self._lock = threading.Lock()

    def line(self, text: str) -> None:
        """Takes a line, or several at once."""
        for part in str(text).splitlines() or [""]:
            self._send(part)

    def write(self, text: str) -> int:
        """Takes what print writes, and passes it on by whole lines."""
        *whole, rest = (self._partial + text).split("\n")
        self._partial = rest[:MAX_LINE_BYTES]
        for part in whole:
            self._send(part)
        return len(text)

    def flush(self) -> None:
        """Lines leave when they are whole; there is nothing to flush."""

    def finish(self) -> None:
        """Passes on a last line without an end; whatever a forgotten thread writes afterwards is dropped."""
        if self._partial:
            self._send(self._partial)
        with self._lock:
            self._lines = MAX_LOG_LINES

    def _send(self, text: str) -> None:
        with self._lock:
            self._lines += 1
            if self._lines > MAX_LOG_LINES:
                return
            last = self._lines == MAX_LOG_LINES
            line = f"(further lines are dropped after {MAX_LOG_LINES})" if last else text
            clipped = line.encode(errors="replace")[:MAX_LINE_BYTES].decode(errors="ignore")
            self._pass_on(clipped)
