"""Metrics as lines of CloudWatch's embedded format: the log carries them, no call is made, nothing is imported.

Written whatever the log's level is: an alarm must not fall silent because somebody wants fewer lines.
"""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from carillon.domain.measures import UNITS, Values
from carillon.domain.moments import to_ms
from carillon.ports.world import Clock

MAX_VALUES: Final = 100
"""Values of one metric that one line of the format may hold."""


def _write_line(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class EmfMetrics:
    """Metrics over standard output; `besides` are values of the process itself, told with the next ones.

    Each has the dimension `environment`, which alarms name, or that and a schedule.
    """

    def __init__(
        self,
        namespace: str,
        environment: str,
        clock: Clock,
        write: Callable[[str], None] = _write_line,
        besides: Callable[[], Values] = dict,
    ) -> None:
        self._besides = besides
        self._namespace = namespace
        self._environment = environment
        self._clock = clock
        self._write = write

    def put(self, name: str, value: float, unit: str, **properties: str) -> None:
        """One line."""
        self._line({name: value}, {name: unit}, {}, properties)

    def put_all(self, values: Values, *, schedule_id: str | None = None, **properties: str) -> None:
        """One line, or one for each hundred of a metric's values: the format takes no more."""
        own = {} if schedule_id is None else {"schedule_id": schedule_id}
        rest = {**values, **(self._besides() if schedule_id is None else {})}
        while rest:
            self._line({name: _first(value) for name, value in rest.items()}, UNITS, own, properties)
            rest = {name: more for name, value in rest.items() if (more := _others(value))}

    def _line(
        self,
        values: Values,
        units: Mapping[str, str],
        dimensions: Mapping[str, str],
        properties: Mapping[str, str],
    ) -> None:
        named = {"environment": self._environment, **dimensions}
        directive = {
            "Namespace": self._namespace,
            "Dimensions": [list(named)],
            "Metrics": [{"Name": name, "Unit": units[name]} for name in values],
        }
        line = {
            "_aws": {"Timestamp": to_ms(self._clock.now()), "CloudWatchMetrics": [directive]},
            **named,
            **properties,
            **values,
        }
        self._write(json.dumps(line, separators=(",", ":")))


def _first(value: float | Sequence[float]) -> float | Sequence[float]:
    return value[:MAX_VALUES] if isinstance(value, Sequence) else value


def _others(value: float | Sequence[float]) -> Sequence[float]:
    return value[MAX_VALUES:] if isinstance(value, Sequence) else ()
