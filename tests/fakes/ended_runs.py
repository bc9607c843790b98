"""The ended runs of the memory database, in pages of two; `on_page` lets time pass in between."""

from carillon.domain.moments import to_key
from carillon.ports.archive import EndedRows


class MemoryEndedRuns:
    """EndedRuns in memory; `unreadable` are rows that it cannot read, after all others."""

    def __init__(self, database, unreadable=()):
        self._database, self.unreadable = database, unreadable
        self.on_page = lambda: None

    def page(self, first, last, start=None):
        begin = 0 if start is None else start["at"]
        known = [*sorted(self._database.runs.values(), key=lambda run: str(run.run_id)), *self.unreadable]
        self.on_page()
        end = begin + 2
        low, high = f"{to_key(first)[:11]}", f"{to_key(last)[:11]}\x7f"
        rows = tuple(
            row
            for row in known[begin:end]
            if row in self.unreadable or (row.ended_at and low <= row.run_id.run_key <= high)
        )
        return EndedRows(rows, {"at": end} if end < len(known) else None)
