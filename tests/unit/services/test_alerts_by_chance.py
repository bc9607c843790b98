"""Alerts through hundreds of lives of chance: batches that come again, stores and channels that fail, senders that die.

Whatever happens, each channel is told of each alert exactly once by its id, one by one or in a count.
"""

import random
from datetime import timedelta

import pytest

from carillon.domain.errors import CarillonError, Unavailable
from tests.unit.services.test_tell_alerts import Stack, failed

SEEDS = range(120)
STEPS = 40


class Dies(BaseException):
    """The process ends here."""


class Life:
    """One stack among the faults that a seed deals out."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.stack = Stack(timedelta(seconds=self.chance.choice((60, 300))))
        self.database, self.alerts = self.stack.database, {}
        self.peace = False
        self.database.before = lambda operation: self.maybe(0.05, Unavailable("no answer"))
        self.database.after = lambda operation: self.maybe(0.05, Unavailable("the answer was lost"))
        for channel in (self.stack.topic, self.stack.hook):
            channel.publish = self.troubled(channel.publish)

    def maybe(self, share, error):
        if not self.peace and self.chance.random() < share:
            raise error

    def troubled(self, publish):
        def tried(subject, message):
            self.maybe(0.02, Dies())
            self.maybe(0.1, CarillonError("refused"))
            publish(subject, message)
            self.maybe(0.02, Dies())

        return tried

    def invocation(self, *alerts):
        """Whether the stream need not bring the batch again."""
        try:
            self.stack.tell(alerts)
        except (Unavailable, CarillonError, Dies):
            return False
        return True

    def batch(self):
        count = self.chance.choice((1, 1, 2, 5, 6, 12))
        made = [
            failed(
                len(self.alerts) + number,
                f"s{self.chance.randrange(9)}",
                kind=self.chance.choice(("run_failed", "run_failed", "run_late")),
            )
            for number in range(count)
        ]
        self.alerts |= {alert.message["alert_id"]: alert for alert in made}
        while not self.invocation(*made):
            # It comes again in other cuts, and what is not its end any more.
            at = self.chance.randrange(len(made) + 1)
            self.invocation(*made[:at])
            self.stack.clock.advance(self.chance.choice((0, 1, 30, 90)))

    def live(self):
        for _ in range(STEPS):
            self.chance.choice((self.batch, self.invocation, self.invocation))()
            self.stack.clock.advance(self.chance.choice((0, 1, 20, 60)))
        self.peace = True
        self.stack.minutes(60)


@pytest.mark.parametrize("seed", SEEDS)
def test_each_channel_is_told_of_each_alert(seed):
    life = Life(seed)
    life.live()

    assert "alert_given_up" not in life.stack.log.actions
    for channel in (life.stack.topic, life.stack.hook):
        by_id = {message["alert_id"]: message for _, message in channel.published}
        assert sum(message.get("count", 1) for message in by_id.values()) == len(life.alerts)
        singly = {name for name, message in by_id.items() if message["alert"] != "alerts_grouped"}
        assert singly <= life.alerts.keys()
