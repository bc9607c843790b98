"""A schedule's head: when it fires, under which policies, and how far its fire times are claimed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

Gap = Literal["fire", "skip"]
Fold = Literal["once", "twice"]

DEFAULT_GRACE_SECONDS: Final = 300


class ScheduleState(StrEnum):
    """Whether a schedule fires."""

    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"
    BROKEN = "broken"
    DELETED = "deleted"


class Overlap(StrEnum):
    """What happens to a fire time whose predecessor still runs."""

    SKIP = "skip"
    ALLOW = "allow"
    QUEUE = "queue"
    REPLACE = "replace"


DEFAULT_OVERLAP: Final = Overlap.SKIP


class CatchUp(StrEnum):
    """Which of the fire times missed for longer than the grace are still run."""

    NONE = "none"
    LATEST = "latest"
    ALL = "all"


class ChainOn(StrEnum):
    """Which ends of a run another schedule's run follows."""

    SUCCESS = "success"
    FAILURE = "failure"
    END = "end"


@dataclass(frozen=True, slots=True)
class After:
    """A schedule whose runs are followed, instead of an expression."""

    schedule_id: str
    on: ChainOn = ChainOn.SUCCESS


@dataclass(frozen=True, slots=True)
class TimetableSpec:
    """A timetable as people write it; `anchor` is where rate() and @every count from."""

    expression: str
    zone: str = "UTC"
    gap: Gap = "fire"
    fold: Fold = "once"
    anchor: datetime | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    max_runs: int | None = None
    jitter_seconds: int = 0
    calendars: tuple[str, ...] = ()
    also_at: tuple[datetime, ...] = ()
    after: After | None = None


@dataclass(frozen=True, slots=True)
class Misfire:
    """How late a fire time may still start, and what is done about those that are later."""

    grace_seconds: int = DEFAULT_GRACE_SECONDS
    catch_up: CatchUp = CatchUp.NONE
    max_catch_up: int = 10


@dataclass(frozen=True, slots=True)
class Policies:
    """What happens when things go wrong in time.

    `max_concurrent` None means one run at a time, and any number where overlap is allowed.
    """

    overlap: Overlap = DEFAULT_OVERLAP
    max_concurrent: int | None = None
    max_queued: int = 10
    misfire: Misfire = field(default_factory=Misfire)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The head row of a schedule.

    `next_fire_at` is the first fire time not yet claimed; `due_at` puts the row into the due index.
    `head_version` is raised by every operator write and never by a claim; `generation` counts the
    incarnations of an id. No fire time at or before `active_since` runs, unless it is a catch-up.
    `needs_slot` is False where it was proven on saving that runs cannot overlap.
    """

    schedule_id: str
    timetable: TimetableSpec
    policies: Policies = field(default_factory=Policies)
    state: ScheduleState = ScheduleState.ACTIVE
    state_reason: str | None = None
    owner: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    sensitive: bool = False
    alerts: Mapping[str, object] = field(default_factory=dict)
    revision: int = 1
    head_version: int = 1
    generation: int = 1
    next_fire_at: datetime | None = None
    due_at: datetime | None = None
    active_since: datetime | None = None
    claimed_until: datetime | None = None
    paused_until: datetime | None = None
    fires_left: int | None = None
    skip_next: int = 0
    needs_slot: bool = True
    created_at: datetime
    updated_at: datetime
