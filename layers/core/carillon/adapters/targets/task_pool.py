"""Warm child processes for python tasks, started when they are first needed and replaced when they die.

One child runs one task at a time. At the deadline its whole process group is killed, so that a task that
hangs, crashes or leaves processes behind hurts nobody else. Children talk over a socket pair: Lambda has no
shared memory.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Pipe
from typing import Any, Final

from carillon.adapters.targets.deadline import Deadline

_BOOTSTRAP: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[3]); "
    "from carillon.adapters.targets.python_child import main; main(int(sys.argv[1]), sys.argv[2])"
)
_LOOK_SECONDS: Final = 0.25
_LAST_BREATH_SECONDS: Final = 0.5

Message = dict[str, Any]
Log = Callable[[str], None]
Cancelled = Callable[[], bool]


class ChildDiedError(Exception):
    """The child ended before it answered; `exit_code` is negative for a signal."""

    def __init__(self, exit_code: int, *, task_started: bool) -> None:
        super().__init__(f"exit code {exit_code}")
        self.exit_code = exit_code
        self.task_started = task_started


class PoolFullError(Exception):
    """Every child was busy until the deadline; the task was not started."""


class Child:
    """One child process and the connection to it."""

    def __init__(self, package: str) -> None:
        self._connection, theirs = Pipe()
        with theirs:
            # A session of its own makes a process group that can be killed whole.
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no outside input
                [sys.executable, "-c", _BOOTSTRAP, str(theirs.fileno()), package, json.dumps(sys.path)],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def run(self, call: Message, deadline: Deadline, log: Log, cancelled: Cancelled) -> Message:
        """The task's result; TimeoutError at the deadline, ChildDiedError when the process ended first.

        The child is told once when the attempt should stop; whether its task heeds that is the task's matter.
        """
        task_started = False
        with suppress(EOFError, ConnectionError):
            self._connection.send_bytes(json.dumps(call | {"seconds": deadline.seconds_left()}).encode())
            for message in self._messages(deadline, cancelled):
                task_started = True
                if "result" in message:
                    result: Message = message["result"]
                    return result
                if "log" in message:
                    log(message["log"])
        raise ChildDiedError(self.end(_LAST_BREATH_SECONDS), task_started=task_started)

    def _messages(self, deadline: Deadline, cancelled: Cancelled) -> Iterator[Message]:
        is_told = False
        while True:
            if not is_told and cancelled():
                is_told = True
                self._connection.send_bytes(json.dumps({"cancel": True}).encode())
            ended = not self.alive
            if self._connection.poll(min(deadline.seconds_left(), _LOOK_SECONDS)):
                yield json.loads(self._connection.recv_bytes())
            elif ended:
                # A process that the task left behind may hold the connection open after the child's end.
                return

    def end(self, grace_seconds: float = 0.0) -> int:
        """Kills the whole process group, at once or after a moment to die by itself; the exit code."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(grace_seconds)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._connection.close()
        return self._process.wait()


class TaskPool:
    """At most `size` children; safe to use from several threads."""

    def __init__(self, size: int, package: str = "worker.tasks") -> None:
        self._package = package
        self._slots = threading.BoundedSemaphore(size)
        self._lock = threading.Lock()
        self._idle: list[Child] = []

    def run(self, call: Message, deadline: Deadline, log: Log, cancelled: Cancelled = bool) -> Message:
        """Runs one task in a child of its own.

        TimeoutError: it was killed at its deadline. ChildDiedError: its process ended before it answered.
        PoolFullError: it was never started.
        """
        if not self._slots.acquire(timeout=deadline.seconds_left()):
            raise PoolFullError
        try:
            warm = self._take()
            if warm is not None:
                try:
                    return self._run_in(warm, call, deadline, log, cancelled)
                except ChildDiedError as died:
                    # It died while idle, and nobody had noticed: the call has not begun.
                    if died.task_started:
                        raise
            return self._run_in(Child(self._package), call, deadline, log, cancelled)
        finally:
            self._slots.release()

    def _run_in(
        self, child: Child, call: Message, deadline: Deadline, log: Log, cancelled: Cancelled
    ) -> Message:
        try:
            result = child.run(call, deadline, log, cancelled)
        except BaseException:
            child.end()
            raise
        with self._lock:
            self._idle.append(child)
        return result

    def close(self) -> None:
        """Ends the idle children; a busy one ends with its task."""
        with self._lock:
            idle, self._idle = self._idle, []
        for child in idle:
            child.end()

    def _take(self) -> Child | None:
        with self._lock:
            while self._idle:
                child = self._idle.pop()
                if child.alive:
                    return child
                child.end()
        return None
