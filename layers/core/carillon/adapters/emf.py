"""Metrics as lines of CloudWatch's embedded format: the log carries them, no call is made, nothing is imported.

Written whatever the log's level is: an alarm must not fall silent because somebody wants fewer lines.
"""

import json
import sys
from collections.abc import Callable

from carillon.domain.moments import to_ms
from carillon.ports import Clock


def _write_line(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class EmfMetrics:
    """Metrics over standard output; each has the one dimension `environment`, which alarms name."""

    def __init__(
        self, namespace: str, environment: str, clock: Clock, write: Callable[[str], None] = _write_line
    ) -> None:
        self._namespace = namespace
        self._environment = environment
        self._clock = clock
        self._write = write

    def put(self, name: str, value: float, unit: str, **properties: str) -> None:
        """One line."""
        directive = {
            "Namespace": self._namespace,
            "Dimensions": [["environment"]],
            "Metrics": [{"Name": name, "Unit": unit}],
        }
        line = {
            "_aws": {"Timestamp": to_ms(self._clock.now()), "CloudWatchMetrics": [directive]},
            "environment": self._environment,
            **properties,
            name: value,
        }
        self._write(json.dumps(line, separators=(",", ":")))
