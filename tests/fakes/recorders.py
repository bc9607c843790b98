"""A queue, a topic, a bucket and a shelf that remember what they were given."""

import math
from dataclasses import dataclass

from carillon.domain.dead_letter import DeadLetter
from carillon.domain.dispatch import Dispatch
from carillon.domain.errors import CarillonError, DeadLetterNotFound, OutputNotFound
from carillon.domain.run_log import RunLog
from carillon.ports.archive import StoredObject
from carillon.ports.pages import Page
from tests.fakes.database import paged

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


class RecordedMetrics:
    """Metrics that records name, value and unit."""

    def __init__(self):
        self.told = []
        self.together = []

    def put(self, name, value, unit, **properties):
        self.told.append((name, value, unit, properties))

    def put_all(self, values, *, schedule_id=None, **properties):
        if values:
            self.together.append((schedule_id, dict(values)))


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


class MemoryArchiveReader:
    """ArchiveReader in memory, of the objects by key in `bodies`; `asked` counts its calls."""

    def __init__(self):
        self.bodies, self.asked = {}, 0

    def objects(self, prefix, limit):
        self.asked += 1
        keys = sorted(key for key in self.bodies if key.startswith(prefix))
        return [StoredObject(key, len(self.bodies[key])) for key in keys[:limit]]

    def read(self, key):
        self.asked += 1
        if key not in self.bodies:
            raise CarillonError(f"AWS refused GetObject: NoSuchKey: {key}")
        return self.bodies[key]


class MemoryAuditArchive:
    """AuditArchive in memory."""

    def __init__(self):
        self.objects = {}

    def put(self, key, body):
        self.objects[key] = body

    def read(self, key):
        return self.objects[key]

    def keys(self, prefix):
        return sorted(key for key in self.objects if key.startswith(prefix))


class MemoryDeadLetters:
    """DeadLetterStore in memory."""

    def __init__(self, database=None):
        self.kept, self.redriven = {}, {}
        self.audit = {} if database is None else database.audit

    def keep(self, message_id, body, reason, now):
        self.kept.setdefault(message_id, (body, reason, now))

    def get(self, message_id):
        if message_id not in self.kept:
            raise DeadLetterNotFound
        body, reason, now = self.kept[message_id]
        at, by = self.redriven.get(message_id, (None, None))
        return DeadLetter(
            message_id=message_id, body=body, reason=reason, kept_at=now, redriven_at=at, redriven_by=by
        )

    def page(self, limit, start=None):
        newest_first = list(reversed(self.kept))
        page, last = paged(newest_first, limit, start, str)
        return Page(tuple(self.get(message_id) for message_id in page), last)

    def note_redrive(self, message_id, audit):
        self.get(message_id)
        self.redriven[message_id] = (audit.at, audit.actor)
        self.audit[audit.entry_id] = audit


class MemoryRunLogs:
    """RunLogStore in memory."""

    def __init__(self):
        self.kept, self.writes = {}, 0

    def keep(self, run, log, now):
        self.kept[run.run_id, run.attempt] = log
        self.writes += 1

    def read(self, run, attempt):
        return self.kept.get((run.run_id, attempt), RunLog())


class MemoryOutputs:
    """OutputStore in memory."""

    def __init__(self):
        self.kept = {}

    def keep(self, run, output, now):
        self.kept.setdefault((run.run_id, run.attempt), output)

    def read(self, run):
        if (run.run_id, run.attempt) not in self.kept:
            raise OutputNotFound
        return self.kept[run.run_id, run.attempt]

    def read_many(self, runs):
        found = {run.run_id: (run.run_id, run.attempt) for run in runs}
        return {run_id: self.kept[key] for run_id, key in found.items() if key in self.kept}
