"""A world with an hourly schedule, its backfills, and the range that most tests ask for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from carillon.domain.access import Principal
from carillon.domain.backfill import BackfillState, Order, Reprocess
from carillon.domain.backfill_document import BackfillRequest
from carillon.domain.run import Origin, RunState
from carillon.domain.run_change import RunChange
from carillon.domain.run_id import RunId
from carillon.services.backfills import Backfills
from carillon.services.enqueue import Enqueue
from carillon.services.journal import Journal
from carillon.services.work_off import WorkOff
from tests.contract.builders import ended
from tests.fakes.backfills import MemoryBackfills, MemoryRunStates
from tests.fakes.world import World

ADMIN = Principal("admin", ("admin",), "192.0.2.7")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Backfilling(World):
    """A world with an hourly schedule and what backfills it."""

    def __init__(self):
        super().__init__()
        self.backfills = MemoryBackfills(self.database)
        states = MemoryRunStates(self.database)
        enqueue = Enqueue(self.runs, self.queue, self.clock)
        self.work_off = WorkOff(
            self.backfills, self.schedules, self.runs, states, enqueue, self.clock, map, self.log
        )
        self.service = Backfills(
            self.backfills, self.schedules, self.runs, states, self.work_off,
            self.clock, self.chance, Journal(self.chance),
        )  # fmt: skip
        self.add(expression="0 * * * *", after=3600)

    def begin(self, hours=5, **fields):
        return self.service.begin(ADMIN, "etl", request(hours, **fields))

    def look(self, backfill):
        return self.work_off("etl", backfill.backfill_id)

    def row(self, backfill):
        return self.backfills.get("etl", backfill.backfill_id)

    def unfinished(self):
        runs = [run for run in self.database.runs.values() if run.origin is Origin.BACKFILL]
        return sorted(run.run_id.run_key for run in runs if not run.state.is_terminal)

    def put_ended(self, hour, state, **fields):
        row = ended("etl", NOON + timedelta(hours=hour), state, **fields)
        self.database.runs[row.run_id] = row

    def end(self, key, state=RunState.SUCCEEDED):
        before = self.database.runs[RunId("etl", key)]
        now = self.clock.now()
        after = replace(before, state=state, attempt=1, wake_at=None, started_at=now, ended_at=now)
        self.database.runs[after.run_id] = after
        return RunChange("id", "1", before, after)

    def finish(self, backfill, state=RunState.SUCCEEDED, rounds=200):
        """Ends runs and looks again until the backfill is over; answers the keys in the order they began."""
        order = []
        for _ in range(rounds):
            keys = self.unfinished()
            order += [key for key in keys if key not in order]
            if self.row(backfill).state is not BackfillState.ACTIVE:
                return order
            for key in keys:
                self.end(key, state)
            self.look(backfill)
        raise AssertionError("the backfill did not end")


def request(hours=5, **fields):
    """The fire times from noon on; five hours hold six of an hourly schedule."""
    fields = {
        "order": Order.OLDEST,
        "max_concurrent": 1,
        "reprocess": Reprocess.NONE,
        "dry_run": False,
    } | fields
    return BackfillRequest(NOON, NOON + timedelta(hours=hours), **fields)


def keys(*hours):
    return [f"20261120T{12 + hour:02}0000Z" for hour in hours]
