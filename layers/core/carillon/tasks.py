"""What the author of a python task needs: the decorator that registers it, its context, its permanent error.

    @task("delete-old-objects")
    def delete_old_objects(context: TaskContext) -> dict[str, int]: ...

Tasks live in the modules of one package (functions/worker/tasks/); `load` imports them all.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from carillon.domain.targets.python import TASK_NAME


class PermanentError(Exception):
    """Raised by a task when another attempt would only fail in the same way."""


@dataclass(frozen=True, slots=True)
class TaskContext:
    """The run that a task serves; `run_id` is the same in each attempt, so use it to do a thing once.

    A job that waits for a callback has a token: whoever is to finish the work presents it at the URL.
    `traceparent` and `tracestate` are the attempt's W3C trace context, to be sent along with what the task calls.
    A long task asks `cancelled` now and then: once it is true somebody wants the run to stop, and it should return.
    """

    run_id: str
    schedule_id: str
    attempt: int
    fire_at: datetime
    arguments: Mapping[str, Any]
    log: Callable[[str], None]
    seconds_left: Callable[[], float]
    callback_token: str | None = None
    callback_url: str | None = None
    cancelled: Callable[[], bool] = bool
    traceparent: str | None = None
    tracestate: str | None = None


TaskFunction = Callable[[TaskContext], Any]


class Registry:
    """The tasks by name, and what kept a module of tasks from being imported."""

    def __init__(self) -> None:
        self.tasks: dict[str, TaskFunction] = {}
        self.broken: dict[str, str] = {}

    def add(self, name: str, function: TaskFunction) -> None:
        """Registers a task; ValueError when the name is malformed or taken."""
        if not TASK_NAME.fullmatch(name):
            raise ValueError(
                f"{name!r} is no task name; use lower case with dashes, as in delete-old-objects"
            )
        if name in self.tasks:
            raise ValueError(f"the task {name} is registered twice")
        self.tasks[name] = function


registry = Registry()


def task(name: str) -> Callable[[TaskFunction], TaskFunction]:
    """Registers the function below it as the python task of that name."""

    def register(function: TaskFunction) -> TaskFunction:
        registry.add(name, function)
        return function

    return register


def load(package: str) -> Registry:
    """Imports each module of the package and returns the registry; a module that fails spoils no other."""
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        name = f"{package}.{module.name}"
        try:
            importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - the edge: a module of tasks may raise anything
            registry.broken[name] = f"{type(error).__name__}: {error}"
    return registry
