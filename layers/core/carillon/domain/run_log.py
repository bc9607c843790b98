"""What a task wrote during one attempt: its last lines, bounded in number and size, oldest dropped first."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from carillon.domain.moments import to_ms

MAX_LINES: Final = 200
MAX_BYTES: Final = 32_768
MAX_LINE: Final = 2_000
"""Characters of one line."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line and when it was written."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class RunLog:
    """The last lines of an attempt, oldest first; `dropped` were written before them and are not kept."""

    lines: tuple[LogLine, ...] = ()
    dropped: int = 0

    def document(self, attempt: int) -> dict[str, Any]:
        """As the API shows it."""
        lines = [{"timestamp": to_ms(line.at), "message": line.text} for line in self.lines]
        return {"attempt": attempt, "dropped": self.dropped, "lines": lines}


class LogTail:
    """The end of a log that grows."""

    def __init__(self) -> None:
        self._lines: deque[LogLine] = deque()
        self._bytes = 0
        self._dropped = 0

    def add(self, at: datetime, text: str) -> None:
        """Adds a line, cut where it is too long."""
        line = LogLine(at, text[:MAX_LINE])
        self._lines.append(line)
        self._bytes += len(line.text.encode())
        while len(self._lines) > MAX_LINES or self._bytes > MAX_BYTES:
            self._bytes -= len(self._lines.popleft().text.encode())
            self._dropped += 1

    @property
    def written(self) -> int:
        """How many lines there have been."""
        return len(self._lines) + self._dropped

    def log(self) -> RunLog:
        """What is kept now."""
        return RunLog(tuple(self._lines), self._dropped)
