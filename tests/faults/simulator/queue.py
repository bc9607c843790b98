"""The adversary's queue: messages late, doubled, reordered, lost, refused, redelivered, dead after five receives."""

from dataclasses import dataclass
from datetime import timedelta

from carillon.domain.errors import Unavailable
from tests.fakes.recorders import delay_seconds

RECEIVES = 5
VISIBILITY = timedelta(seconds=30)


@dataclass
class Message:
    """One copy of a message, and when it can next be received."""

    number: int
    body: str
    at: object
    receives: int = 0


class AdversarialQueue:
    """DispatchQueue under attack."""

    def __init__(self, stage):
        self._stage = stage
        self._sent = 0
        self.waiting = []
        self.dead = []

    def send(self, messages, now):
        stage, odds, unsent = self._stage, self._stage.odds, []
        for message in messages:
            stage.at_call(f"send {message.run_id} attempt {message.attempt}")
            if stage.chance(odds.throttle):
                unsent.append(message)
                continue
            for _ in range(1 + stage.chance(odds.duplicate) - stage.chance(odds.drop)):
                self._put(message, now)
        if messages and stage.chance(odds.lost):
            raise Unavailable
        return unsent

    def _put(self, message, now):
        late = self._stage.random.choice((0, 0, 0, 1, 5)) if not self._stage.is_healed else 0
        self._sent += 1
        at = self._stage.now + timedelta(seconds=delay_seconds(message, now) + late)
        self.waiting.append(Message(self._sent, message.encode(), at))

    def deliverable(self):
        """Messages that could be received now."""
        return [message for message in self.waiting if message.at <= self._stage.now]

    def receive(self, message):
        """A message goes out; it comes again unless it is acknowledged."""
        message.receives += 1
        message.at = self._stage.now + VISIBILITY

    def acknowledge(self, message):
        """A message is done with, unless it comes once more all the same."""
        if message in self.waiting and not self._stage.chance(self._stage.odds.duplicate):
            self.waiting.remove(message)

    def give_back(self, message):
        """A message was not done with; after its last receive it is dead."""
        if message in self.waiting and message.receives >= RECEIVES:
            self.waiting.remove(message)
            self.dead.append(message)
