"""Does what must follow each change by itself: the runs of schedules chained to it, and the alert of a damaged row.

The stream delivers a change at least once: a run that is there already and an alert that was told are not made again.
"""

from carillon.domain.alert import run_unreadable
from carillon.domain.run_change import Change, UnreadableChange
from carillon.ports.signals import AlertTopic
from carillon.ports.world import Log
from carillon.services.chain_runs import ChainRuns


class Follow:
    """What follows one change of a run."""

    def __init__(
        self, alerts: AlertTopic, log: Log, environment: str, chain: ChainRuns | None = None
    ) -> None:
        self._alerts = alerts
        self._chain = chain
        self._log = log
        self._environment = environment

    def __call__(self, change: Change) -> None:
        """Starts what runs after this change, and alerts when its row cannot be read."""
        if self._chain is not None:
            # First, because it repeats without a trace.
            self._chain(change)
        if isinstance(change, UnreadableChange):
            self._log("row_unreadable", change.reason, task_id=change.run_id)
            alert = run_unreadable(change.run_id, change.reason, self._environment)
            self._alerts.publish(alert.subject, alert.message)
