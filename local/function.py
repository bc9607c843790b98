"""A Lambda function on the laptop: a bounded set of sandboxes that are started when they are needed.

Beyond the bound an invocation waits for a free sandbox; Lambda would throttle it instead.
"""

import os
import threading
import uuid
from collections.abc import Mapping
from pathlib import Path

from local.inventory import REGION, FunctionSpec
from local.lineage import Lineage
from local.sandbox import Answer, Sandbox

CONCURRENCY = 4
_INHERITED = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")


class LocalFunction:
    """Invokes one function, in a sandbox of its own for each invocation at a time."""

    def __init__(self, spec: FunctionSpec, endpoints: Mapping[str, str], logs: Path) -> None:
        self.spec = spec
        self.log = logs / f"{spec.name}.log"
        self._environment = _environment(spec, endpoints)
        self._free: list[Sandbox] = []
        self._busy: set[Sandbox] = set()
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(CONCURRENCY)
        self._stopped = False

    def invoke(self, event: bytes, lineage: Lineage | None = None, request_id: str | None = None) -> Answer:
        """Run one event to its end; the lineage counts how often this chain came through here."""
        trace = (lineage or Lineage()).through(self.spec.name).header()
        with self._places:
            sandbox = self._take()
            try:
                return sandbox.invoke(event, request_id or str(uuid.uuid4()), trace)
            finally:
                self._put_back(sandbox)

    def warm(self, count: int = 1) -> None:
        """Start so many sandboxes ahead of the first event."""
        for sandbox in [self._take() for _ in range(count)]:
            self._put_back(sandbox)

    def pids(self, *, busy: bool = False) -> list[int]:
        """Give the process ids of its living sandboxes, or of those at work."""
        with self._lock:
            sandboxes = [*self._busy] if busy else [*self._busy, *self._free]
            return [sandbox.pid for sandbox in sandboxes if sandbox.usable]

    def stop(self) -> None:
        """End every sandbox."""
        with self._lock:
            self._stopped = True
            sandboxes = [*self._busy, *self._free]
            self._free.clear()
        for sandbox in sandboxes:
            sandbox.stop()

    def _take(self) -> Sandbox:
        with self._lock:
            if self._stopped:
                raise RuntimeError(f"{self.spec.name} was stopped.")
            while self._free:
                sandbox = self._free.pop()
                if sandbox.usable:
                    break
                sandbox.stop()
            else:
                sandbox = Sandbox(self.spec, self._environment, self.log)
            self._busy.add(sandbox)
            return sandbox

    def _put_back(self, sandbox: Sandbox) -> None:
        with self._lock:
            self._busy.discard(sandbox)
            is_kept = sandbox.usable and not self._stopped
            if is_kept:
                self._free.append(sandbox)
        if not is_kept:
            sandbox.stop()


def _environment(spec: FunctionSpec, endpoints: Mapping[str, str]) -> dict[str, str]:
    """Give what Lambda sets, what the template sets, and where this laptop's AWS is; nothing else."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {
        **inherited,
        "AWS_LAMBDA_FUNCTION_NAME": spec.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_megabytes),
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{spec.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "laptop",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "LAMBDA_TASK_ROOT": str(spec.paths[0]),
        "PYTHONPATH": os.pathsep.join(str(path) for path in spec.paths),
        "PYTHONUNBUFFERED": "1",
        "TZ": ":UTC",
        "_HANDLER": spec.handler,
        **endpoints,
        **spec.environment,
    }
