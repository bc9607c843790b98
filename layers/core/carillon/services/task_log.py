"""Keeps what tasks write with their runs, while they run: at most one write in five seconds, and one at the end.

A log is for people: what cannot be kept is told and dropped, and never fails a run.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from types import TracebackType
from typing import Final

from carillon.domain.errors import CarillonError
from carillon.domain.log_fields import about
from carillon.domain.run import Run
from carillon.domain.run_log import MAX_BYTES, MAX_LINES, LogTail
from carillon.ports.runs import RunLogStore
from carillon.ports.world import Clock, Log

EVERY: Final = timedelta(seconds=5)

Line = Callable[[str], None]


class TaskLog(AbstractContextManager[Line]):
    """The log of one attempt; leaving it keeps what is not kept yet. Without a store it is only logged."""

    def __init__(self, run: Run, store: RunLogStore | None, clock: Clock, log: Log) -> None:
        self._run = run
        self._store = store
        self._clock = clock
        self._log = log
        self._tail = LogTail()
        self._kept_at = clock.now()
        self._kept = 0
        self._told = 0

    def __enter__(self) -> Line:
        return self._write

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._keep()

    def _write(self, line: str) -> None:
        now = self._clock.now()
        self._tail.add(now, line)
        if self._tail.written <= MAX_LINES and self._told < MAX_BYTES:
            # Beyond that the function's own log would cost more than the run; the run's log has the end.
            kept = self._tail.log().lines[-1].text
            self._told += len(kept.encode())
            self._tell("task_log", kept)
        if now - self._kept_at >= EVERY:
            self._keep()

    def _keep(self) -> None:
        if self._store is None or self._tail.written == self._kept:
            return
        now = self._clock.now()
        self._kept, self._kept_at = self._tail.written, now
        try:
            self._store.keep(self._run, self._tail.log(), now)
        except CarillonError as error:
            self._tell("task_log_lost", f"Lines of a task could not be kept: {error}")

    def _tell(self, action: str, message: str) -> None:
        run = self._run
        self._log(
            action,
            message,
            **about(run),
            attempt=run.attempt,
        )
