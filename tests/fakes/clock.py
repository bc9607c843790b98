"""Time that stands still until it is moved, and chance that repeats."""

import random
from datetime import UTC, datetime, timedelta


class FakeClock:
    """Shows the time it was set to; sleeping moves it on."""

    def __init__(self, moment=datetime(2026, 11, 22, 2, 0, tzinfo=UTC)):
        self.moment = moment
        self.slept = []

    def now(self):
        return self.moment

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.advance(max(0, seconds))

    def advance(self, seconds):
        self.moment += timedelta(seconds=seconds)

    def set(self, moment):
        self.moment = moment


class FakeChance:
    """The same tokens and shares for the same seed."""

    def __init__(self, seed=0):
        self._random = random.Random(seed)

    def token(self):
        return f"{self._random.getrandbits(128):032x}"

    def share(self):
        return self._random.random()
