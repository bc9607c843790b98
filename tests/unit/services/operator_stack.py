"""The world with the operator's verbs, for the tests of what they promise."""

from datetime import UTC, datetime, timedelta

from carillon.domain.access import Principal
from carillon.domain.allow_list import AllowList
from carillon.domain.definition import Limits, read_definition
from carillon.domain.plan import plan
from carillon.domain.plan_claim import claim_of
from carillon.services.api import ApiPorts, build_api
from carillon.services.doors import DoorPorts
from tests.fakes.backfills import MemoryBackfills, MemoryRunStates
from tests.fakes.doors import LabelledSealer, MemoryFactors, MemoryFacts
from tests.fakes.memory import (
    MemoryAccess,
    MemoryArchiveReader,
    MemoryAuditLog,
    MemoryDeadLetters,
    MemoryGuards,
    MemoryOutputs,
    MemoryRevocations,
    MemoryRunLogs,
    MemorySlots,
)
from tests.fakes.recorders import RecordedMetrics
from tests.fakes.stats import MemoryStats
from tests.fakes.tokens import FixedCursorKeys, LocalSigner
from tests.fakes.world import World

ADMIN = Principal("admin", ("admin",), "192.0.2.7")
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LIMITS = Limits(295.0, 1, AllowList())


class Stack(World):
    """The world with the operator's verbs."""

    def __init__(self, at=NOON):
        super().__init__()
        self.clock.set(at)
        signer = LocalSigner(self.clock)
        self.api = build_api(
            ApiPorts(
                schedules=self.schedules,
                runs=self.runs,
                access=MemoryAccess(self.database),
                guards=MemoryGuards(self.database),
                revocations=MemoryRevocations(self.database),
                audit=MemoryAuditLog(self.database),
                slots=MemorySlots(self.database),
                outputs=MemoryOutputs(),
                logs=MemoryRunLogs(),
                kept=MemoryDeadLetters(self.database),
                backfills=MemoryBackfills(self.database),
                states=MemoryRunStates(self.database),
                stats=MemoryStats(self.database),
                archive=MemoryArchiveReader(),
                queue=self.queue,
                signer=signer,
                verifier=signer.ring,
                cursor_keys=FixedCursorKeys(),
                clock=self.clock,
                chance=self.chance,
                log=self.log,
                limits=LIMITS,
                issuer="test",
                # Behind the doors: what they keep out is tested where the doors are.
                door_ports=DoorPorts(
                    facts=MemoryFacts(self.database),
                    factors=MemoryFactors(self.database),
                    sealer=LabelledSealer(),
                    opener=LabelledSealer(),
                    metrics=RecordedMetrics(),
                    risk=None,
                    triggers_per_minute=5,
                ),
                shards=1,
                skew_seconds=5,
            )
        )

    def definition(self, expression="* * * * *", **timetable):
        document = {
            "schedule_id": "etl",
            "timetable": {"expression": expression, **timetable},
            "job": {"target": {"kind": "http", "url": "https://example.com/"}},
        }
        return read_definition(document, LIMITS, self.clock.now())

    def create(self, expression="* * * * *", **timetable):
        return self.api.create_schedule(ADMIN, self.definition(expression, **timetable))[0]

    def edit(self, expression, **timetable):
        version = self.head().head_version
        return self.api.replace_schedule(ADMIN, self.definition(expression, **timetable), version)[0]

    def pause(self):
        return self.api.pause_schedule(ADMIN, "etl")

    def resume(self):
        return self.api.resume_schedule(ADMIN, "etl")

    def delete(self):
        self.api.delete_schedule(ADMIN, "etl", None)

    def claim(self, head=None):
        """A tick claims from this (perhaps old) reading of the head."""
        now = self.clock.now()
        return self.schedules.commit(
            [claim_of(plan(head or self.head(), now, now + timedelta(seconds=180)), now)]
        )

    def states(self):
        """State and reason of every run by its time of day."""
        rows = sorted(self.database.runs.values(), key=lambda run: run.run_id)
        return {f"{run.fire_at:%H:%M:%S}": run.reason or str(run.state) for run in rows}

    @property
    def actions(self):
        return [entry.action for entry in self.database.audit.values()]


def every(seconds, start, stop):
    """Times of day in steps, both ends included."""
    first = datetime.strptime(start, "%H:%M:%S").replace(tzinfo=UTC)
    last = datetime.strptime(stop, "%H:%M:%S").replace(tzinfo=UTC)
    steps = int((last - first).total_seconds()) // seconds
    return [f"{first + timedelta(seconds=seconds * step):%H:%M:%S}" for step in range(steps + 1)]
