"""Backfills, and the states of runs, in memory."""

from carillon.domain.backfill import BackfillState
from carillon.domain.errors import BackfillNotFound, LostRace
from carillon.domain.run import Run
from carillon.ports.pages import Page
from tests.fakes.database import paged, stored
from tests.fakes.shards import shard_of


class MemoryBackfills:
    """BackfillStore in memory."""

    def __init__(self, database):
        self._database = database

    def create(self, backfill, audit):
        with self._database.operation("create_backfill"):
            if audit.entry_id in self._database.audit:
                return
            if (backfill.schedule_id, backfill.backfill_id) in self._database.backfills:
                raise LostRace(f"Backfill {backfill.backfill_id} was moved on meanwhile.")
            self._write(backfill)
            self._database.audit[audit.entry_id] = audit

    def get(self, schedule_id, backfill_id):
        with self._database.operation("get_backfill"):
            try:
                return self._database.backfills[schedule_id, backfill_id]
            except KeyError:
                raise BackfillNotFound(f"Schedule {schedule_id} has no backfill {backfill_id}.") from None

    def page(self, schedule_id, limit, start=None):
        with self._database.operation("page_of_backfills"):
            page, last = paged(self._of(schedule_id), limit, start, lambda each: each.backfill_id)
            return Page(tuple(page), last)

    def active_of(self, schedule_id):
        with self._database.operation("active_backfills_of"):
            return [each for each in self._of(schedule_id) if each.state is BackfillState.ACTIVE]

    def active(self, limit):
        with self._database.operation("active_backfills"):
            rows = self._database.backfills.values()
            found = sorted(
                (each.created_at, each.schedule_id, each.backfill_id)
                for each in rows
                if each.state is BackfillState.ACTIVE
            )
            return [(schedule_id, backfill_id) for _, schedule_id, backfill_id in found[:limit]]

    def save(self, before, after, audit=None):
        with self._database.operation("save_backfill"):
            if audit is not None and audit.entry_id in self._database.audit:
                return
            found = self._database.backfills.get((before.schedule_id, before.backfill_id))
            if found is None or found.version != before.version:
                raise LostRace(f"Backfill {before.backfill_id} was moved on meanwhile.")
            self._write(after)
            if audit is not None:
                self._database.audit[audit.entry_id] = audit

    def _write(self, backfill):
        self._database.backfills[backfill.schedule_id, backfill.backfill_id] = stored(backfill)

    def _of(self, schedule_id):
        rows = [each for each in self._database.backfills.values() if each.schedule_id == schedule_id]
        return sorted(rows, key=lambda each: each.backfill_id, reverse=True)


class MemoryRunStates:
    """RunStates in memory."""

    def __init__(self, database):
        self._database = database

    def between(self, schedule_id, first, last):
        with self._database.operation("run_states"):
            return {
                run.run_id.run_key: run.state
                for run in self._database.runs.values()
                if isinstance(run, Run)
                and run.run_id.schedule_id == schedule_id
                and first <= run.run_id.moment <= last
            }

    def unfinished(self, shard, limit, start=None):
        with self._database.operation("unfinished_runs"):
            found = [
                (run.wake_at, run_id)
                for run_id, run in self._database.indexed_runs().items()
                if isinstance(run, Run)
                and run.wake_at is not None
                and shard_of(run_id.schedule_id, self._database.shards) == shard
            ]
            page, last = paged([run_id for _, run_id in sorted(found)], limit, start, str)
            return Page(tuple(page), last)
