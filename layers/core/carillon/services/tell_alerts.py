"""Brings alerts to every channel of the stack: kept first, then sent, and sent again where a channel did not take one.

A channel that fails hinders neither the others nor what the caller does next.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from carillon.domain.alert import Alert
from carillon.domain.alert_outbox import Letter, Outbox, channels_of, id_of, noted, settled, taken_up
from carillon.domain.alert_outbox_value import outbox_value, read_outbox
from carillon.domain.errors import CarillonError, Throttled
from carillon.ports.guards import Fact, Facts
from carillon.ports.signals import AlertTopic, Metrics
from carillon.ports.world import Chance, Clock, Log

KEY: Final = "alerts"
KEPT: Final = timedelta(days=90)
TRIES: Final = 5
"""How often a change of the outbox is made again because somebody else was faster."""

Letters = tuple[Letter, ...]


class TellAlerts:
    """The stack's outbox and its channels by name; without channels it only keeps, for whoever has some."""

    def __init__(
        self,
        facts: Facts,
        channels: Mapping[str, AlertTopic],
        clock: Clock,
        chance: Chance,
        log: Log,
        environment: str,
        window: timedelta,
        metrics: Metrics | None = None,
    ) -> None:
        self._facts = facts
        self._channels = channels
        self._clock = clock
        self._chance = chance
        self._log = log
        self._environment = environment
        self._window = window
        self._metrics = metrics

    def publish(self, subject: str, message: Mapping[str, Any]) -> None:
        """One alert, for those who have no batch of them."""
        self([Alert(subject, message)])

    def __call__(self, alerts: Sequence[Alert] = ()) -> None:
        """Tells these alerts, and whatever is due by now; Throttled and Unavailable where they could not be kept."""
        due = self._changed(lambda outbox: self._taken(outbox, alerts))
        if not due:
            return
        took = self._send(due)
        try:
            lost = self._changed(lambda outbox: settled(outbox, took, tuple(self._channels)))
        except CarillonError as error:
            # They stay in the outbox and go out once more, under the same ids.
            self._log("alerts_unsettled", str(error), count=len(due))
            return
        for letter in lost:
            self._log(
                "alert_given_up", letter.alert.subject, alert_id=id_of(letter.alert), tries=letter.tries
            )
        self._measure("AlertsLost", len(lost))

    def _taken(self, outbox: Outbox, alerts: Sequence[Alert]) -> tuple[Outbox, Letters]:
        now = self._clock.now()
        with_them = noted(outbox, alerts, now, self._window, self._environment)
        return taken_up(with_them, now) if self._channels else (with_them, ())

    def _changed(self, change: Callable[[Outbox], tuple[Outbox, Letters]]) -> Letters:
        for _ in range(TRIES):
            now = self._clock.now()
            fact = self._facts.read(KEY, now)
            before = self._read(fact)
            after, letters = change(before)
            if after == before:
                return letters
            written = Fact(outbox_value(after), now + KEPT, self._chance.token())
            if self._facts.swap(KEY, fact, written, now):
                return letters
        raise Throttled("The alerts are being changed by others.")

    def _read(self, fact: Fact | None) -> Outbox:
        try:
            return Outbox() if fact is None else read_outbox(fact.value)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            # Alerts that are lost are told by nobody; those that come must not be lost with them.
            self._log("alerts_unreadable", f"The outbox of alerts begins anew: {error!r}")
            return Outbox()

    def _send(self, letters: Letters) -> dict[str, set[str]]:
        took: dict[str, set[str]] = {id_of(letter.alert): set() for letter in letters}
        unsent = 0
        for name, channel in self._channels.items():
            wanted = [letter for letter in letters if self._wants(letter, name)]
            for number, letter in enumerate(wanted):
                if not self._took(name, channel, letter):
                    # It would let the rest wait for its time as well: they come again with this one.
                    unsent += len(wanted) - number
                    break
                took[id_of(letter.alert)].add(name)
        self._measure("AlertsUnsent", unsent)
        return took

    def _wants(self, letter: Letter, name: str) -> bool:
        return name in channels_of(letter.alert, tuple(self._channels)) and name not in letter.taken_by

    def _took(self, name: str, channel: AlertTopic, letter: Letter) -> bool:
        subject, alert_id = letter.alert.subject, id_of(letter.alert)
        try:
            channel.publish(subject, letter.alert.message)
        except Exception as error:  # noqa: BLE001 - the edge of one channel: whatever it is, the others go on
            self._log(
                "alert_unsent", f"{name} did not take it: {error}", alert_id=alert_id, tries=letter.tries + 1
            )
            return False
        self._log("alert_published", subject, alert_id=alert_id, channel=name)
        return True

    def _measure(self, name: str, count: int) -> None:
        if count and self._metrics is not None:
            self._metrics.put_all({name: count})
