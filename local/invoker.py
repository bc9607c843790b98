"""Lambda's two ways of invoking: wait for the answer, or queue the event and repeat it if it fails."""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from local.function import LocalFunction
from local.inventory import AsyncPolicy
from local.lineage import Lineage
from local.sandbox import Answer

# Lambda waits one minute before the first repetition and two before the second.
_RETRY_SECONDS = (60.0, 120.0)
_ASYNC_THREADS = 8


class UnknownFunctionError(Exception):
    """Function not found."""


@dataclass(frozen=True, slots=True)
class _Queued:
    name: str
    event: bytes
    lineage: Lineage
    queued_at: float
    attempt: int = 0


class Invoker:
    """Finds functions by name or ARN and invokes them; `note` takes a line for the cloud's log."""

    def __init__(self, policies: Mapping[str, AsyncPolicy], note: Callable[[str], None]) -> None:
        self.functions: dict[str, LocalFunction] = {}
        self._policies = policies
        self._note = note
        self._threads = ThreadPoolExecutor(_ASYNC_THREADS, thread_name_prefix="async")
        self._timers: set[threading.Timer] = set()
        self._stopped = False

    def find(self, reference: str) -> LocalFunction:
        """Give the function with this name, ARN or the stack's short name for it."""
        name = (
            reference.split(":")[6] if reference.startswith("arn:") else reference.split(":", maxsplit=1)[0]
        )
        if name in self.functions:
            return self.functions[name]
        raise UnknownFunctionError(f"Function not found: {reference}")

    def invoke(self, reference: str, event: bytes, lineage: Lineage | None = None) -> Answer:
        """Invoke and wait for the answer."""
        return self.find(reference).invoke(event, lineage)

    def invoke_later(self, reference: str, event: bytes, lineage: Lineage | None = None) -> None:
        """Queue the event; a failure is repeated as the function's policy says."""
        function = self.find(reference)
        chain = lineage or Lineage()
        if chain.exhausted(function.spec.name) and not function.spec.may_recurse:
            self._note(f"recursion: an event for {function.spec.name} was dropped after 16 passes")
            return
        self._submit(_Queued(function.spec.name, event, chain, time.monotonic()))

    def stop(self) -> None:
        """Start nothing more; events still queued are forgotten."""
        self._stopped = True
        for timer in list(self._timers):
            timer.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _submit(self, queued: _Queued) -> None:
        with suppress(RuntimeError):  # The threads were shut down: events still queued are forgotten.
            self._threads.submit(self._attempt, queued)

    def _attempt(self, queued: _Queued) -> None:
        if self._stopped:
            return
        answer = self.functions[queued.name].invoke(queued.event, queued.lineage)
        if answer.error is None or self._stopped:
            return
        self._note(f"{queued.name} failed: {answer.payload[:300].decode(errors='replace')}")
        policy = self._policies.get(queued.name, AsyncPolicy())
        age = time.monotonic() - queued.queued_at
        if queued.attempt < policy.retries and age < policy.age_seconds:
            self._again(queued)

    def _again(self, queued: _Queued) -> None:
        repeated = _Queued(queued.name, queued.event, queued.lineage, queued.queued_at, queued.attempt + 1)
        timer = threading.Timer(_RETRY_SECONDS[min(queued.attempt, 1)], self._submit, (repeated,))
        timer.daemon = True
        self._timers.add(timer)
        timer.start()
