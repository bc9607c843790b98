"""What refuses under load: tables that throttle and conflict, and a queue that takes a part of a batch, or none."""

import gc
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta

from botocore.exceptions import ClientError

from carillon.domain.errors import Throttled
from carillon.domain.moments import to_ms
from carillon.domain.run import Run
from carillon.domain.schedule import Schedule
from tests.fakes.database import MemoryDatabase
from tests.fakes.schedules import DUE_PAGE, MemorySchedules
from tests.fakes.shards import shard_of

RECEIVES = 5
VISIBILITY = timedelta(seconds=120)


@dataclass(frozen=True)
class Odds:
    """How likely each refusal is: of an operation, of a row inside a transaction, of a batch, of an entry."""

    throttle: float = 0.0
    conflict: float = 0.0
    batch: float = 0.0
    entry: float = 0.0


class BusyDatabase(MemoryDatabase):
    """Tables that say ThrottlingException and TransactionConflict."""

    def __init__(self, shards, odds, chance):
        super().__init__(shards)
        self._odds, self._chance = odds, chance
        self.refused = Counter()

    def before(self, operation):
        if self._chance.random() < self._odds.throttle:
            self.refused[f"{operation} throttled"] += 1
            raise Throttled(f"{operation}: ProvisionedThroughputExceededException")

    def busy(self, operation, key):
        met = self._chance.random() < self._odds.conflict
        self.refused["TransactionConflict"] += met
        return met


class PagedSchedules(MemorySchedules):
    """Schedules whose due index is read page by page, as DynamoDB gives it; `held` is what a tick kept of them."""

    def __init__(self, database):
        super().__init__(database)
        self.held, self.pages = 0, 0
        gc.collect()
        self._others = self._alive()

    def due_before(self, shard, horizon):
        heads = self._database.heads
        with self._database.operation("due_before"):
            due = sorted(
                (to_ms(head.due_at), name)
                for name, head in heads.items()
                if head.due_at is not None
                and head.due_at <= horizon
                and shard_of(name, self._database.shards) == shard
            )
        for first in range(0, len(due), DUE_PAGE):
            self._count()
            yield [replace(heads[name]) for _, name in due[first : first + DUE_PAGE]]
        if due:
            self._count()

    def _count(self):
        self.held = max(self.held, self._alive() - self._others)
        self.pages += 1

    def _alive(self):
        """Schedules and runs in memory, but for those that stand in the tables."""
        alive = sum(type(each) in (Schedule, Run) for each in gc.get_objects())
        return alive - len(self._database.heads) - len(self._database.runs)


class PartialSqs:
    """SQS that refuses whole batches and single entries; what it took arrives after its delay."""

    def __init__(self, clock, odds, chance):
        self._clock, self._odds, self._chance = clock, odds, chance
        self.waiting, self.dead = [], []
        self.refused, self.sent, self._taken = Counter(), 0, 0

    def send_message_batch(self, QueueUrl, Entries):  # noqa: N803 - boto3's own names
        if self._chance.random() < self._odds.batch:
            self.refused["SendMessageBatch throttled"] += 1
            raise ClientError(
                {"Error": {"Code": "ThrottlingException", "Message": "No."}}, "SendMessageBatch"
            )
        failed = [entry for entry in Entries if self._chance.random() < self._odds.entry]
        self.refused["SendMessageBatch entries failed"] += len(failed)
        for entry in Entries:
            if entry not in failed:
                self._take(entry)
        return {"Failed": [{"Id": entry["Id"]} for entry in failed]}

    def _take(self, entry):
        self.sent += 1
        self._put(entry["MessageBody"], timedelta(seconds=entry["DelaySeconds"]), 0)

    def _put(self, body, delay, receives):
        self._taken += 1
        self.waiting.append((self._clock.now() + delay, self._taken, body, receives))

    def receive(self, most):
        """The oldest messages that have arrived."""
        self.waiting.sort()
        arrived = [message for message in self.waiting[:most] if message[0] <= self._clock.now()]
        del self.waiting[: len(arrived)]
        return arrived

    def give_back(self, message):
        """A message that was not done with comes again, or is dead."""
        _, _, body, receives = message
        if receives + 1 >= RECEIVES:
            self.dead.append(body)
        else:
            self._put(body, VISIBILITY, receives + 1)
