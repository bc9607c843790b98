"""Takes in undeliverable messages: keeps each, ends the run that still waits for it, alerts what cannot be read.

Every step may be repeated: the message is kept first, under its own id, and the run's end is conditional. An alert is
kept too, for the follower to send.
"""

from carillon.domain.alert import Alert, message_unreadable, run_unreadable
from carillon.domain.dead_letter import judge
from carillon.domain.dispatch import Dispatch
from carillon.domain.errors import LostRace, MalformedMessage, MalformedRow, SealError
from carillon.domain.lifecycle import undeliverable
from carillon.domain.log_fields import about
from carillon.domain.run import Run
from carillon.ports.dispatch import DeadLetterStore
from carillon.ports.runs import RunStore
from carillon.ports.sealing import MessageOpener
from carillon.ports.signals import AlertTopic
from carillon.ports.world import Chance, Clock, Log
from carillon.services.ended import Ended


class TakeInDeadLetter:
    """The end of one undeliverable message; only retryable store errors leave it, and bring the message back."""

    def __init__(
        self,
        messages: MessageOpener,
        runs: RunStore,
        kept: DeadLetterStore,
        alerts: AlertTopic,
        ended: Ended,
        clock: Clock,
        chance: Chance,
        log: Log,
        environment: str,
    ) -> None:
        self._messages = messages
        self._runs = runs
        self._kept = kept
        self._alerts = alerts
        self._ended = ended
        self._clock = clock
        self._chance = chance
        self._log = log
        self._environment = environment

    def __call__(self, message_id: str, body: str) -> None:
        """Decides one message, given as SQS gave it."""
        try:
            message = self._messages.open(body)
        except (SealError, MalformedMessage) as error:
            self._log("message_unreadable", str(error), message_id=message_id)
            self._keep(message_id, body, str(error))
            self._alert(message_unreadable(message_id, str(error), self._environment))
            return
        if message is None:
            told = "A dead letter outlived its signer's certificate."
            self._log("message_expired", told, message_id=message_id)
            return
        # What is kept is the message as its sender meant it: its signature would have run out before it is read.
        body = message.encode()
        try:
            run = self._runs.get(message.run_id)
        except MalformedRow as error:
            self._log("row_unreadable", str(error), **_about(message), message_id=message_id)
            self._keep(message_id, body, str(error))
            self._alert(run_unreadable(str(message.run_id), str(error), self._environment))
            return
        self._settle(message_id, body, message, run)

    def _settle(self, message_id: str, body: str, message: Dispatch, run: Run | None) -> None:
        verdict = judge(message, run)
        self._keep(message_id, body, verdict.reason)
        if run is not None and verdict.ends_run:
            self._end(run, verdict.reason)
        else:
            self._log("dead_letter_noted", verdict.reason, **_about(message), message_id=message_id)

    def _end(self, run: Run, reason: str) -> None:
        ended = undeliverable(run, self._clock.now(), reason, self._chance.token())
        try:
            self._ended(self._runs.transition(run, ended))
        except LostRace:
            self._log("dead_letter_noted", "the run moved on meanwhile", **about(run))
        else:
            self._log("message_undeliverable", reason, **about(run), attempt=run.attempt + 1)

    def _keep(self, message_id: str, body: str, reason: str) -> None:
        self._kept.keep(message_id, body, reason, self._clock.now())

    def _alert(self, alert: Alert) -> None:
        self._alerts.publish(alert.subject, alert.message)
        self._log("alert_kept", alert.subject, alert_id=alert.message["alert_id"])


def _about(message: Dispatch) -> dict[str, str | None]:
    """What can be said of a run whose row nobody has."""
    run_id = message.run_id
    return {"task_id": str(run_id), "schedule_id": run_id.schedule_id, "trace_id": message.trace_id}
