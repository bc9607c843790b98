"""The Access and Guards tables in memory."""

from datetime import timedelta

from carillon.domain.errors import LostRace
from tests.fakes.database import stored


class MemoryAccess:
    """AccessStore in memory."""

    def __init__(self, database):
        self._database = database

    def user(self, name):
        with self._database.operation("user"):
            return self._database.users.get(name)

    def save_user(self, user, audit, *, replaces):
        with self._database.operation("save_user"):
            if audit.entry_id in self._database.audit:
                return
            found = self._database.users.get(user.name)
            if (found.version if found else None) != replaces:
                raise LostRace(f"User {user.name} was changed meanwhile.")
            self._database.users[user.name] = stored(user)
            self._database.audit[audit.entry_id] = audit


class MemoryGuards:
    """Guards in memory."""

    def __init__(self, database):
        self._database = database
        self._windows = {}

    def count_failures(self, key, now):
        with self._database.operation("count_failures"):
            count, until = self._windows.get(key, (0, now))
            return count if until > now else 0

    def record_failure(self, key, now, window_seconds):
        with self._database.operation("record_failure"):
            count, until = self._windows.get(key, (0, now))
            if until <= now:
                count, until = 0, now + timedelta(seconds=window_seconds)
            self._windows[key] = count + 1, until
            return count + 1
