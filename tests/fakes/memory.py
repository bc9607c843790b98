"""The in-memory stores by one name each."""

from tests.fakes.access import MemoryAccess, MemoryAuditLog, MemoryGuards, MemoryRevocations
from tests.fakes.database import MemoryDatabase, PoisonRow
from tests.fakes.recorders import (
    MemoryArchive,
    MemoryArchiveReader,
    MemoryAuditArchive,
    MemoryDeadLetters,
    MemoryOutputs,
    MemoryQueue,
    MemoryRunLogs,
    RecordedAlerts,
)
from tests.fakes.runs import MemoryRuns
from tests.fakes.schedules import MemorySchedules
from tests.fakes.slots import MemorySlots

__all__ = [
    "MemoryAccess",
    "MemoryArchive",
    "MemoryArchiveReader",
    "MemoryAuditArchive",
    "MemoryAuditLog",
    "MemoryDatabase",
    "MemoryDeadLetters",
    "MemoryGuards",
    "MemoryOutputs",
    "MemoryQueue",
    "MemoryRevocations",
    "MemoryRunLogs",
    "MemoryRuns",
    "MemorySchedules",
    "MemorySlots",
    "PoisonRow",
    "RecordedAlerts",
]
