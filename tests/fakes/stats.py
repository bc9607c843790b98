"""The stats rows in memory."""


class MemoryStats:
    """StatsStore in memory."""

    def __init__(self, database):
        self._database = database

    def read_many(self, keys):
        with self._database.operation("stats_read_many"):
            return {key: self._database.stats[key] for key in keys if key in self._database.stats}

    def save(self, row):
        with self._database.operation("stats_save"):
            found = self._database.stats.get(row.key)
            if (found.version if found else 0) != row.version - 1:
                return False
            self._database.stats[row.key] = row
            return True

    def between(self, owner, first, last):
        with self._database.operation("stats_between"):
            return [row for row in self._rows_of(owner) if first <= row.key.hour <= last]

    def latest(self, owner, limit):
        with self._database.operation("stats_latest"):
            return self._rows_of(owner)[::-1][:limit]

    def _rows_of(self, owner):
        rows = [row for row in self._database.stats.values() if row.key.owner == owner]
        return sorted(rows, key=lambda row: row.key.hour)
