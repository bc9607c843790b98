"""Tells of runs that pass a limit of their schedule before they have ended, when the sweep looks at them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from carillon.domain.alert import Alert, run_alert
from carillon.domain.alert_early import next_limit, passed, so_far
from carillon.domain.errors import CarillonError
from carillon.domain.run import Run
from carillon.domain.run_id import RunId
from carillon.domain.workflow.tasks import BELOW
from carillon.ports.world import Clock, Log
from carillon.services.rules_of import RulesOf


class WatchLimits:
    """What a sweep adds to its looks; whatever goes wrong is logged, for helping runs matters more."""

    def __init__(
        self,
        rules_of: RulesOf,
        tell: Callable[[Sequence[Alert]], None],
        clock: Clock,
        log: Log,
        environment: str,
    ) -> None:
        self._rules_of = rules_of
        self._tell = tell
        self._clock = clock
        self._log = log
        self._environment = environment

    def __call__(self, rows: Sequence[Run]) -> Mapping[RunId, datetime]:
        """Tells what these runs have passed, and answers when each passes its next limit.

        Told before the row is pushed: after a crash between the two the outbox knows the alert.
        """
        tops = [run for run in rows if run.origin not in BELOW and not run.state.is_terminal]
        if not tops:
            return {}
        try:
            return self._watched(tops)
        except CarillonError as error:
            self._log("limits_unwatched", f"Limits are looked at when the runs end: {error}", count=len(tops))
            return {}

    def _watched(self, tops: Sequence[Run]) -> Mapping[RunId, datetime]:
        now, rules = self._clock.now(), self._rules_of(run.run_id.schedule_id for run in tops)
        alerts, following = [], {}
        for run in tops:
            own = rules[run.run_id.schedule_id]
            for kind in passed(own, run, now):
                alerts.append(run_alert(kind, run, self._environment, so_far(run, now), own.to))
            limit = next_limit(own, run, now)
            if limit is not None:
                following[run.run_id] = limit
        if alerts:
            self._tell(alerts)
        return following
