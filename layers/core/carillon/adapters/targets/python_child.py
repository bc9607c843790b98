"""The child process of a python target: reads a call, runs its task, sends its log and result, waits again.

Messages are JSON documents in the frames of multiprocessing.connection. A thread of its own reads them, so
that the child ends when its parent does, even in the middle of a task.
"""

import json
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any, Final

from carillon.adapters.targets.run_log import RunLog
from carillon.domain.moments import from_rfc3339
from carillon.domain.outcome import OutcomeKind
from carillon.domain.workflow.output import MAX_OUTPUT_BYTES
from carillon.tasks import PermanentError, Registry, TaskContext, load

MAX_MESSAGE_CHARACTERS: Final = 1_000

Message = dict[str, Any]


def send(connection: Connection, message: Message) -> None:
    """Sends one message to the parent."""
    connection.send_bytes(json.dumps(message, allow_nan=False).encode())


def main(descriptor: int, package: str) -> None:
    """Serves calls on the inherited connection until the parent closes it."""
    connection = Connection(descriptor)
    calls: SimpleQueue[Message] = SimpleQueue()
    stop = threading.Event()
    threading.Thread(target=_receive, args=(connection, calls, stop), daemon=True).start()
    tasks = load(package)
    while True:
        call = calls.get()
        # The parent repeats a call elsewhere only if it has not seen this.
        send(connection, {"started": True})
        log = RunLog(lambda line: send(connection, {"log": line}))
        with redirect_stdout(log), redirect_stderr(log):
            result = run_task(tasks, call, log, stop.is_set)
        log.finish()
        stop.clear()
        send(connection, {"result": result})


def _receive(connection: Connection, calls: "SimpleQueue[Message]", stop: threading.Event) -> None:
    try:
        while True:
            message = json.loads(connection.recv_bytes())
            if "cancel" in message:
                stop.set()
            else:
                # A wish that came after its task's end is not meant for the next one.
                stop.clear()
                calls.put(message)
    except (EOFError, OSError):
        # The parent is gone: whatever still runs here, and whatever it started, has nobody left to answer to.
        os.killpg(os.getpgid(0), signal.SIGKILL)


def run_task(tasks: Registry, call: Message, log: RunLog, cancelled: Callable[[], bool] = bool) -> Message:
    """Runs the task of one call; the result has the fields kind, message, error and output."""
    function = tasks.tasks.get(call["task"])
    if function is None:
        broken = "".join(f" {name} could not be imported: {why}." for name, why in tasks.broken.items())
        return _failure(OutcomeKind.PERMANENT, "unknown_task", f"There is no task {call['task']}.{broken}")
    try:
        output = function(_context(call, log, cancelled))
    except PermanentError as error:
        return _failure(OutcomeKind.PERMANENT, "task_refused", str(error) or "The task refused for good.")
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the edge: a task may raise anything
        log.line(traceback.format_exc(limit=-20))
        return _failure(OutcomeKind.RETRYABLE, "task_raised", f"{type(error).__name__}: {error}")
    return _success(call["task"], output)


def _context(call: Message, log: RunLog, cancelled: Callable[[], bool]) -> TaskContext:
    ends = time.monotonic() + call["seconds"]
    return TaskContext(
        run_id=call["run_id"],
        schedule_id=call["schedule_id"],
        attempt=call["attempt"],
        fire_at=from_rfc3339(call["fire_at"]),
        arguments=call["arguments"],
        log=log.line,
        seconds_left=lambda: ends - time.monotonic(),
        cancelled=cancelled,
        callback_token=call.get("callback_token"),
        callback_url=call.get("callback_url"),
        traceparent=call.get("traceparent"),
        tracestate=call.get("tracestate"),
    )


def _success(name: str, output: object) -> Message:
    try:
        size = len(json.dumps(output, separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode())
    except (TypeError, ValueError, RecursionError) as error:
        message = f"The task returned something that is not JSON: {error}."
        return _failure(OutcomeKind.PERMANENT, "output_not_json", message)
    if size > MAX_OUTPUT_BYTES:
        message = (
            f"The task returned {size} bytes; {MAX_OUTPUT_BYTES} are allowed. "
            "Write the data to S3 and return a reference to it."
        )
        return _failure(OutcomeKind.PERMANENT, "output_too_large", message)
    done = f"The task {name} returned."
    return {"kind": OutcomeKind.SUCCESS.value, "message": done, "error": None, "output": output}


def _failure(kind: OutcomeKind, error: str, message: str) -> Message:
    clipped = message.encode(errors="replace").decode()[:MAX_MESSAGE_CHARACTERS]
    return {"kind": kind.value, "message": clipped, "error": error, "output": None}
