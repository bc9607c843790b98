"""The rows that the in-memory stores share, one lock, and the places where faults can be put.

An adversary subclasses MemoryDatabase: `before(operation)` may raise Throttled or Unavailable with nothing written,
`after(operation)` may raise Unavailable with everything written, `busy(operation)` may answer that a transaction met
another one, and `indexed_heads` and `indexed_runs` may show older rows than there are.
"""

import threading
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import cache


@dataclass(frozen=True)
class PoisonRow:
    """A row that is there but cannot be read."""

    reason: str
    due_at_ms: int = 0
    wake_at: datetime | None = None


class MemoryDatabase:
    """All tables as dictionaries of immutable values."""

    def __init__(self, shards=1):
        self.shards = shards
        self.lock = threading.RLock()
        self.heads = {}
        self.revisions = {}
        self.runs = {}
        self.users = {}
        self.roles = {}
        self.revoked = {}
        self.audit = {}
        self.slots = {}
        self.calendars = {}
        self.stats = {}
        self.backfills = {}

    @contextmanager
    def operation(self, name):
        """One atomic store operation between its two fault points."""
        with self.lock:
            self.before(name)
            yield
            self.after(name)

    def before(self, operation):
        """Called before an operation reads or writes anything."""

    def after(self, operation):
        """Called when an operation has done its work and is about to answer."""

    def busy(self, operation, key):
        """Whether an action on this row meets another transaction."""
        return False

    def indexed_heads(self):
        """Heads (and poison rows) by id, as the due and catalog indexes show them."""
        return self.heads

    def indexed_runs(self):
        """Runs by id, as the wake and failed indexes show them."""
        return self.runs


@cache
def names(kind):
    """The names of a dataclass's fields."""
    return tuple(field.name for field in fields(kind))


def stored(value):
    """The value as a row gives it back: moments in whole milliseconds."""
    coarse = {
        name: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
        for name in names(type(value))
        if isinstance(moment := getattr(value, name), datetime) and moment.microsecond % 1000
    }
    return replace(value, **coarse) if coarse else value


def paged(items, limit, start, key_of):
    """One page of ordered items that begins after the start key, and the key to go on from."""
    if start:
        keys = [key_of(item) for item in items]
        items = items[keys.index(start["after"]) + 1 :] if start["after"] in keys else []
    page = items[:limit]
    return page, {"after": key_of(page[-1])} if len(items) > limit else None
