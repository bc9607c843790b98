"""The names of the python tasks that a package registers, read from its sources: nothing of it is imported.

The api asks, so that a schedule with a task which nobody has is refused when it is saved, and not at its run.
"""

import ast
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules


def registered_tasks(package: str) -> frozenset[str] | None:
    """The names, or None where the sources do not tell them all: a name worked out, a file that is not there."""
    try:
        found = find_spec(package)
        folders = list(found.submodule_search_locations or ()) if found is not None else []
        names = {name for folder in folders for name in _names_in(Path(folder))}
    except (ImportError, OSError, SyntaxError, _UntoldError):
        return None
    return frozenset(names) if folders else None


class _UntoldError(Exception):
    """A task is registered under a name that is no plain text."""


def _names_in(folder: Path) -> Iterator[str]:
    for module in iter_modules([str(folder)]):
        tree = ast.parse((folder / f"{module.name}.py").read_bytes())
        calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
        yield from (_name_of(call) for call in calls if _is_registration(call.func))


def _is_registration(called: ast.expr) -> bool:
    """Whether this is `task(...)`, `tasks.task(...)` or `registry.add(...)`."""
    if isinstance(called, ast.Name):
        return called.id == "task"
    if not isinstance(called, ast.Attribute):
        return False
    owner = called.value.id if isinstance(called.value, ast.Name) else ""
    return called.attr == "task" or (called.attr == "add" and owner == "registry")


def _name_of(call: ast.Call) -> str:
    name = call.args[0] if call.args else None
    if isinstance(name, ast.Constant) and isinstance(name.value, str):
        return name.value
    raise _UntoldError
