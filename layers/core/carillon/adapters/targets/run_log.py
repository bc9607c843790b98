"""What a task says while it runs, cut to a bounded number of bounded lines before it leaves the child."""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

MAX_LOG_LINES: Final = 200
MAX_LINE_BYTES: Final = 1_024


class RunLog:
    """One run's log lines on their way to the parent: 200 in any second at once, the newest of those that come faster.

    What is held back leaves when the next second's first line comes, or at the end: how a task ended is always told.
    """

    def __init__(self, send: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._pass_on = send
        self._clock = clock
        self._since = clock()
        self._passed = 0
        # One less than the parent keeps: the line that tells of those left out stands before them.
        self._held: deque[str] = deque(maxlen=MAX_LOG_LINES - 1)
        self._left_out = 0
        self._is_over = False
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
        """Passes on what is held back and a last line without an end; what a thread writes later is dropped."""
        if self._partial:
            self._send(self._partial)
        with self._lock:
            self._release()
            self._is_over = True

    def _send(self, text: str) -> None:
        line = text.encode(errors="replace")[:MAX_LINE_BYTES].decode(errors="ignore")
        with self._lock:
            if self._is_over:
                return
            if self._clock() - self._since >= 1:
                self._release()
            if self._passed < MAX_LOG_LINES:
                self._passed += 1
                self._pass_on(line)
            else:
                self._left_out += len(self._held) == self._held.maxlen
                self._held.append(line)

    def _release(self) -> None:
        if self._left_out:
            self._pass_on(f"({self._left_out} lines that came too fast are left out here)")
        for line in self._held:
            self._pass_on(line)
        self._since, self._passed, self._left_out = self._clock(), len(self._held), 0
        self._held.clear()
