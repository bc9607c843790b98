"""What the python tasks of this stack may touch, read from the environment: TASK_BUCKETS, TASK_TABLES, not OWN_ARNS."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from carillon.tasks import PermanentError


@dataclass(frozen=True, slots=True)
class TaskSettings:
    """The names of the buckets and tables that tasks may work on; empty means none. The stack's own are never used."""

    buckets: frozenset[str] = frozenset()
    tables: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "TaskSettings":
        """Reads the two comma-separated lists, and what belongs to the stack itself."""
        environ = os.environ if environ is None else environ
        own = frozenset(_resource(arn) for arn in _names(environ.get("OWN_ARNS", "")))
        return cls(_names(environ.get("TASK_BUCKETS", "")), _names(environ.get("TASK_TABLES", "")), own)

    def bucket(self, name: object) -> str:
        """The bucket's name when tasks may use it, else PermanentError."""
        return self._listed(name, self.buckets, "bucket", "TaskBuckets")

    def table(self, name: object) -> str:
        """The table's name when tasks may use it, else PermanentError."""
        return self._listed(name, self.tables, "table", "TaskTables")

    def _listed(self, name: object, allowed: frozenset[str], what: str, parameter: str) -> str:
        if isinstance(name, str) and name in self.own:
            raise PermanentError(f"The {what} {name!r:.80} belongs to Carillon itself, which no job may use.")
        if isinstance(name, str) and name in allowed:
            return name
        raise PermanentError(
            f"Tasks may not use the {what} {name!r:.80}; the stack's parameter {parameter} lists those that they may."
        )


def _names(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.split(",") if part.strip())


def _resource(arn: str) -> str:
    return arn.rpartition(":")[2].removeprefix("table/")
