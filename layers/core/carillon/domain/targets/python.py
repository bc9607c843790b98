"""What a valid python target is: the name of a registered task and a JSON object of arguments."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from carillon.domain.errors import FieldError
from carillon.domain.targets.kind import Reach, Spec, TargetKind

MAX_ARGUMENT_BYTES: Final = 65_536
TASK_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_FIELDS: Final = frozenset({"kind", "task", "arguments"})


def check_python(spec: Mapping[str, Any], known: Collection[str] | None = None) -> tuple[FieldError, ...]:
    """Every fault of the specification; the task must be among `known` when they are given."""
    return (*_check_fields(spec), *_check_task(spec.get("task"), known), *_check_arguments(spec))


def _ids(spec: Spec) -> tuple[str, ...]:
    task = spec.get("task")
    return (f"python:{task}",) if isinstance(task, str) else ()


def _check(spec: Spec, reach: Reach) -> tuple[FieldError, ...]:
    return check_python(spec, reach.tasks)


KIND: Final = TargetKind(_check, _ids)


def _check_fields(spec: Mapping[str, Any]) -> Iterator[FieldError]:
    for name in sorted(set(spec) - _FIELDS):
        yield FieldError(name, "A python target has no such field; it takes task and arguments.")


def _check_task(task: object, known: Collection[str] | None) -> Iterator[FieldError]:
    if not isinstance(task, str) or len(task) > 64 or not TASK_NAME.fullmatch(task):
        yield FieldError("task", "Name a task in lower case with dashes, for example delete-old-objects.")
    elif known is not None and task not in known:
        listed = ", ".join(sorted(known)) or "none"
        yield FieldError("task", f"There is no task {task}; registered are: {listed}.")


def _check_arguments(spec: Mapping[str, Any]) -> Iterator[FieldError]:
    arguments = spec.get("arguments", {})
    if not isinstance(arguments, Mapping):
        yield FieldError("arguments", "The arguments must be a JSON object.")
        return
    try:
        size = len(json.dumps(arguments, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        yield FieldError("arguments", "The arguments must be plain JSON: no NaN, no infinity.")
        return
    if size > MAX_ARGUMENT_BYTES:
        yield FieldError("arguments", f"The arguments are {size} bytes; {MAX_ARGUMENT_BYTES} are allowed.")
