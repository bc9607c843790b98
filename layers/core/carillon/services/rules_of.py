"""The alert rules of schedules, read in hundreds."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Final

from carillon.domain.alert_rules import AlertRules
from carillon.domain.errors import MalformedRow
from carillon.domain.schedule import Schedule
from carillon.ports.schedules import ScheduleStore
from carillon.ports.world import Log

AT_ONCE: Final = 100


class RulesOf:
    """The rules by schedule id; a schedule that is gone or cannot be read has the default ones."""

    def __init__(self, schedules: ScheduleStore, log: Log) -> None:
        self._schedules = schedules
        self._log = log

    def __call__(self, names: Iterable[str]) -> Mapping[str, AlertRules]:
        """Throttled, Unavailable."""
        wanted = list(dict.fromkeys(names))
        heads: dict[str, Schedule] = {}
        rest = iter(wanted)
        while some := list(islice(rest, AT_ONCE)):
            try:
                heads |= self._schedules.heads(some)
            except MalformedRow as error:
                self._log("row_unreadable", str(error))
        return {name: AlertRules.of(heads[name].alerts if name in heads else {}) for name in wanted}
