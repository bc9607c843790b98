"""The laptop cloud as one thing: started in order, ready when `start` returns, gone after `stop`."""

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from local.api_client import ApiClient
from local.emulator import CREDENTIALS, Emulator
from local.function import LocalFunction
from local.http_front import HttpFront
from local.inventory import Inventory
from local.invoker import Invoker
from local.lambda_api import LambdaApi
from local.provision import provision
from local.queue_source import QueueSource
from local.schedule import RunningClock
from local.sealed_events import sealed_event, sealing_for
from local.stream_source import StreamSource
from local.web import Server

ROOT = Path(__file__).resolve().parent.parent
PARAMETERS: Mapping[str, str] = {
    "WorkerTimeout": "20",
    "HttpAllow": "127.0.0.1",
    "DeletionProtection": "false",
    "TaskBuckets": "etl-orders",
    "TaskTables": "etl-orders",
}
# Processes started ahead of the first event: a person is waiting, and a cold start would be a late start.
_WARM = {"tick": 1, "api": 1, "worker": 3}


@dataclass(frozen=True, slots=True)
class Plan:
    """What to start: which template with which parameters, where to keep logs, which port to serve.

    `environment` is given to all functions beside their own, such as another endpoint of a service.
    """

    template: Path = ROOT / "template.yaml"
    folder: Path = ROOT / ".carillon"
    stack: str = "carillon"
    parameters: Mapping[str, str] = field(default_factory=lambda: dict(PARAMETERS))
    port: int = 0
    clocks: bool = True
    sources: bool = True
    environment: Mapping[str, str] = field(default_factory=dict)


class LaptopCloud:
    """A running stack; use it in a `with` statement."""

    def __init__(self, plan: Plan, say: Callable[[str], None] = print) -> None:
        self._plan = plan
        self._say = say
        self._open = ExitStack()
        self._log_lock = threading.Lock()
        self.logs = plan.folder / "logs"
        self.inventory = Inventory()
        self.url = ""

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End everything that was started, in reverse order."""
        self._open.close()

    def client(self, service: str) -> Any:
        """Give a boto3 client of the emulated AWS."""
        return self._emulator.client(service)

    def function(self, short_name: str) -> LocalFunction:
        """Give a function by the name the stack gives it: `tick`, `worker`."""
        name = f"{self._plan.stack}-{short_name}"
        if name not in self.invoker.functions:
            known = sorted(found.removeprefix(f"{self._plan.stack}-") for found in self.invoker.functions)
            raise RuntimeError(f"The stack has no function {short_name}; it has {', '.join(known)}.")
        return self.invoker.find(name)

    @property
    def lambda_address(self) -> str:
        """Where Lambda's Invoke is answered."""
        return self._lambda.address

    def pids(self) -> list[int]:
        """Give the process ids of everything that runs for this stack."""
        functions = self.invoker.functions.values()
        return [self._emulator.pid, *(pid for function in functions for pid in function.pids())]

    def sealed(self, payload: bytes) -> bytes:
        """Give an event with the dispatch messages in it sealed by this stack's keys, where it has such keys."""
        outputs = self.inventory.outputs
        if "RootKeyArn" not in outputs:
            return payload
        return sealed_event(payload, sealing_for(self.client("kms"), self._plan.stack, outputs))

    def invoke(self, short_name: str, event: object) -> Any:
        """Invoke a function and give its answer; a failure is an error that carries it."""
        answer = self.function(short_name).invoke(json.dumps(event).encode())
        if answer.error is not None:
            raise RuntimeError(f"{short_name} failed: {answer.payload.decode(errors='replace')}")
        return json.loads(answer.payload)

    def admin(self) -> ApiClient:
        """Make the first user through the operator function, and give the API as this user has it."""
        credentials = self.invoke("operator", {"command": "bootstrap", "user": "admin"})
        api = ApiClient(self.url)
        api.login(credentials["user"], credentials["password"])
        return api

    def note(self, line: str) -> None:
        """Write a line to the cloud's own log."""
        moment = datetime.now(UTC).strftime("%H:%M:%S.%f")[:-3]
        with self._log_lock, (self.logs / "cloud.log").open("a", encoding="utf-8") as log:
            log.write(f"{moment} {line}\n")

    def _start(self) -> None:
        running = running_stack(self._plan.folder)
        if running is not None:
            raise RuntimeError(f"A stack runs in {self._plan.folder} already (process {running['pid']}).")
        self.logs.mkdir(parents=True, exist_ok=True)
        for old in self.logs.glob("*.log"):
            old.unlink()
        began = time.monotonic()
        self._emulator = Emulator.start(self.logs / "emulator.log")
        self._open.callback(self._emulator.stop)
        self._provision(began)
        self.invoker = Invoker(self.inventory.async_policies, self.note)
        self._open.callback(self.invoker.stop)
        # The address first: the worker hands it to targets that call back.
        self._start_front()
        self._start_functions()
        self._start_sources()
        self._remember()
        self._say(f"Ready in {time.monotonic() - began:.1f} s at {self.url}")

    def _provision(self, began: float) -> None:
        plan = self._plan
        self.inventory = provision(
            plan.template, plan.parameters, endpoint=self._emulator.endpoint, stack=plan.stack
        )
        count = len(self.inventory.physical_ids)
        idle = len(self.inventory.without_meaning)
        seconds = time.monotonic() - began
        self._say(f"Provisioned {count} resources in {seconds:.1f} s ({idle} have no meaning on a laptop)")

    def _start_functions(self) -> None:
        self._lambda = Server(LambdaApi(self.invoker))
        self._open.callback(self._lambda.stop)
        endpoints = {
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": self._emulator.endpoint,
            "AWS_ENDPOINT_URL_LAMBDA": f"http://{self.lambda_address}",
            **self._plan.environment,
        }
        for name, spec in self.inventory.functions.items():
            own = {"API_URL": self.url} if "API_URL" in spec.environment else {}
            placed = replace(spec, environment={**spec.environment, **own})
            function = LocalFunction(placed, endpoints, self.logs)
            self.invoker.functions[name] = function
            self._open.callback(function.stop)
        for name, count in _WARM.items():
            if f"{self._plan.stack}-{name}" in self.invoker.functions:
                self.function(name).warm(count)

    def _start_front(self) -> None:
        front = HttpFront(self.inventory.routes, self.invoker)
        self._open.callback(front.stop)
        server = _serve(front, self._plan.port)
        self._open.callback(server.stop)
        self.url = f"http://{server.address}"

    def _start_sources(self) -> None:
        plan, inventory = self._plan, self.inventory
        for source in inventory.sources if plan.sources else []:
            running = (
                QueueSource(source, self.client("sqs"), self.invoker, self.note)
                if ":sqs:" in source.source_arn
                else StreamSource(source, self.client, self.invoker, self.note)
            )
            self._open.callback(running.stop)
            running.start()
        for clock in inventory.clocks if plan.clocks else []:
            ticking = RunningClock(clock, self.invoker)
            self._open.callback(ticking.stop)
            ticking.start()

    def _remember(self) -> None:
        """Leave a note by which `python -m local invoke` finds the running stack."""
        state = self._plan.folder / "state.json"
        note = {
            "pid": os.getpid(),
            "url": self.url,
            "aws": self._emulator.endpoint,
            "lambda": f"http://{self.lambda_address}",
            "stack": self._plan.stack,
            "outputs": {**self.inventory.outputs, "ApiUrl": self.url},
        }
        state.write_text(json.dumps(note, indent=2) + "\n", encoding="utf-8")
        self._open.callback(state.unlink, missing_ok=True)


def running_stack(folder: Path) -> dict[str, Any] | None:
    """Give the note of the stack that runs in this folder, if its process lives."""
    try:
        note: dict[str, Any] = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        os.kill(note["pid"], 0)
    except (OSError, ValueError):
        return None
    return note


def _serve(front: HttpFront, port: int) -> Server:
    """Listen on the wanted port, or on a free one where it is taken."""
    try:
        return Server(front, port=port)
    except OSError:
        return Server(front)
