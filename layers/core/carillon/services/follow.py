"""Does what must follow a run's end: the alert of a failure, and the runs of schedules chained to it.

The stream delivers a change at least once, so an alert may be published twice; both carry the same alert_id.
"""

from carillon.domain.alert import Alert, run_failed, run_unreadable
from carillon.domain.run import FAILURES, Run, RunState
from carillon.domain.run_change import Change, UnreadableChange
from carillon.domain.workflow.tasks import BELOW
from carillon.ports import AlertTopic, Log
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
        """Alerts when this change ended a run in failure, or when its row cannot be read; starts what runs after it."""
        if self._chain is not None:
            # First, because it repeats without a trace; an alert that goes out twice is noticed.
            self._chain(change)
        alert = self._alert_of(change)
        if alert is not None:
            self._alerts.publish(alert.subject, alert.message)
            self._log("alert_published", alert.subject, alert_id=alert.message["alert_id"])

    def _alert_of(self, change: Change) -> Alert | None:
        if isinstance(change, UnreadableChange):
            self._log("row_unreadable", change.reason, run_id=change.run_id)
            return run_unreadable(change.run_id, change.reason, self._environment)
        if change.after is not None and change.ends_now and _is_told(change.before, change.after):
            return run_failed(change.after, self._environment)
        return None


def _is_told(before: Run | None, run: Run) -> bool:
    """Whether an end is alerted: a failure, also one whose effects are taken back; a workflow speaks for its steps."""
    is_settled = before is not None and before.state is RunState.COMPENSATION_FAILED
    is_failure = run.state in FAILURES or (run.state is RunState.COMPENSATED and not is_settled)
    return is_failure and run.origin not in BELOW
