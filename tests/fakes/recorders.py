"""A queue, a topic, a bucket and a shelf that remember what they were given."""

import math
from dataclasses import dataclass

from carillon.domain.dispatch import Dispatch

MAX_DELAY_SECONDS = 900


@dataclass(frozen=True)
class Sent:
    """One message and the delay it was sent with."""

    dispatch: Dispatch
    delay_seconds: int
    body: str


class MemoryQueue:
    """DispatchQueue that records; `refuse` holds run ids whose messages cannot be sent."""

    def __init__(self):
        self.sent = []
        self.refuse = set()

    def send(self, messages, now):
        unsent = [message for message in messages if message.run_id in self.refuse]
        self.sent += [
            Sent(message, delay_seconds(message, now), message.encode())
            for message in messages
            if message.run_id not in self.refuse
        ]
        return unsent


def delay_seconds(message, now):
    seconds = (message.not_before - now).total_seconds()
    return min(MAX_DELAY_SECONDS, max(0, math.floor(seconds + 0.1)))


class RecordedAlerts:
    """AlertTopic that records subjects and messages."""

    def __init__(self):
        self.published = []

    def publish(self, subject, message):
        self.published.append((subject, dict(message)))


class MemoryArchive:
    """ArchiveBucket in memory."""

    def __init__(self):
        self.objects = {}

    def put(self, key, body):
        self.objects[key] = body


class MemoryDeadLetters:
    """DeadLetterStore in memory."""

    def __init__(self):
        self.kept = {}

    def keep(self, message_id, body, reason, now):
        self.kept.setdefault(message_id, (body, reason, now))
