"""One execution environment: a process under Lambda's own runtime client, one invocation at a time.

A timeout kills the process, as Lambda does; a process that ends in mid-invocation is seen as
Runtime.ExitError. Either way the sandbox is spent, and the function makes another one.
"""

import json
import queue
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local import processes
from local.inventory import FunctionSpec
from local.runtime_api import Kind, Outcome, RuntimeApi, Work

# Lambda allows 10 s for the import of a handler; a laptop that starts everything at once is slower.
INIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What an invocation gave: the payload, and `Unhandled` where it failed."""

    payload: bytes
    error: str | None = None


class Sandbox:
    """A function's process and the Runtime API it talks to."""

    def __init__(self, spec: FunctionSpec, environment: Mapping[str, str], log: Path) -> None:
        self._spec = spec
        self._log = log
        self._api = RuntimeApi()
        self._spent = False
        with log.open("ab") as output:
            self._process = processes.start(
                "awslambdaric",
                [spec.handler],
                environment={**environment, "AWS_LAMBDA_RUNTIME_API": self._api.address},
                directory=spec.paths[0],
                output=output,
            )
        threading.Thread(target=self._watch, name=f"watch-{spec.name}", daemon=True).start()

    @property
    def pid(self) -> int:
        """The process id, which is its group's too."""
        return self._process.pid

    @property
    def usable(self) -> bool:
        """Say whether it can take another invocation."""
        return not self._spent and self._process.poll() is None

    def invoke(self, event: bytes, request_id: str, trace: str) -> Answer:
        """Run one invocation to its answer, its error, its deadline or the end of the process."""
        ready = self._await(Kind.READY, "", time.monotonic() + INIT_SECONDS)
        if ready.kind is not Kind.READY:
            return self._give_up(ready)
        started = time.monotonic()
        timeout = self._spec.timeout_seconds
        deadline_ms = int((time.time() + timeout) * 1000)
        self._api.hand_over(Work(request_id, event, deadline_ms, self._spec.arn, trace))
        outcome = self._await(Kind.ANSWER, request_id, started + timeout)
        self._report(request_id, time.monotonic() - started)
        if outcome.kind is Kind.ANSWER:
            return Answer(outcome.payload)
        if outcome.kind is Kind.ERROR:
            return Answer(outcome.payload, "Unhandled")
        return self._give_up(outcome)

    def stop(self) -> None:
        """Kill the process and whatever it started, then close its Runtime API."""
        self._spent = True
        processes.kill(self._process)
        self._api.stop()

    def _watch(self) -> None:
        status = self._process.wait()
        self._api.outcomes.put(Outcome(Kind.EXIT, str(status).encode()))

    def _await(self, wanted: Kind, request_id: str, until: float) -> Outcome:
        """Wait for the wanted outcome or one that ends the wait; nothing by `until` is an empty READY."""
        while True:
            try:
                outcome = self._api.outcomes.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                return Outcome(Kind.EXIT, b"timeout")
            if outcome.kind is wanted and outcome.request_id == request_id:
                return outcome
            if outcome.kind in {Kind.EXIT, Kind.INIT_ERROR}:
                return outcome
            if outcome.kind is Kind.ERROR and outcome.request_id == request_id:
                return outcome

    def _give_up(self, outcome: Outcome) -> Answer:
        self.stop()
        if outcome.kind is Kind.INIT_ERROR:
            return Answer(outcome.payload, "Unhandled")
        if outcome.payload == b"timeout":
            seconds = f"{self._spec.timeout_seconds}.00 seconds"
            return _failure("Sandbox.Timedout", f"Task timed out after {seconds}")
        status = int(outcome.payload)
        how = f"signal: {-status}" if status < 0 else f"exit status {status}"
        return _failure("Runtime.ExitError", f"Runtime exited with error: {how}")

    def _report(self, request_id: str, seconds: float) -> None:
        with self._log.open("ab") as log:
            log.write(f"REPORT RequestId: {request_id} Duration: {seconds * 1000:.1f} ms\n".encode())


def _failure(kind: str, message: str) -> Answer:
    return Answer(json.dumps({"errorType": kind, "errorMessage": message}).encode(), "Unhandled")
