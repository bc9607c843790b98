"""The shapes of previews, backfills and counts for the API's OpenAPI description."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.models import Strict
from api.schedule_models import Timetable


class PreviewQuestion(Timetable):
    count: int = Field(default=10, ge=1, le=100)
    moment: datetime | None = Field(default=None, alias="from", description="Left out: now.")


class FireTime(BaseModel):
    at: datetime
    local: str = Field(
        description="The wall clock; without an offset where the clocks never show that time.",
        examples=["2027-03-28T03:00:00+02:00"],
    )
    starts_at: datetime | None = Field(
        description="Later than the fire time by its jitter; null where it is skipped, or the jitter not known yet."
    )
    skipped: bool
    note: str | None = Field(description="What changes this fire time, or why it is left out.")


class Preview(BaseModel):
    sentence: str = Field(examples=["At 02:30 every day, Europe/Berlin time."])
    zone: str
    items: list[FireTime]


class Upcoming(Preview):
    state: Literal["active", "paused", "ended", "broken"]


class BackfillQuestion(Strict):
    first: datetime = Field(description="The range's beginning, itself included.")
    last: datetime = Field(description="The range's end, itself included; not in the future.")
    order: Literal["oldest", "newest"] = "oldest"
    max_concurrent: int = Field(default=1, ge=1, le=50)
    reprocess: Literal["none", "failed", "all"] = Field(
        default="none", description="Which fire times run again although they ran."
    )
    dry_run: bool = False


class Progress(BaseModel):
    fire_times: int
    done: int
    failed: int
    not_run: int = Field(description="Begun, and then skipped or cancelled.")
    running: int
    passed_over: int = Field(description="Left alone, as the policy says.")
    left: int


class Backfill(BaseModel):
    backfill_id: str = Field(examples=["20261122t021417z-3f9x2m"])
    schedule_id: str
    state: Literal["active", "done", "cancelled", "broken"]
    state_reason: str | None
    first: datetime
    last: datetime
    order: Literal["oldest", "newest"]
    max_concurrent: int
    reprocess: Literal["none", "failed", "all"]
    created_by: str
    created_at: datetime
    ended_at: datetime | None
    progress: Progress


class BackfillPage(BaseModel):
    items: list[Backfill]
    next_cursor: str | None


class RunCounts(BaseModel):
    fired: int = Field(description="Runs that started an attempt.")
    succeeded: int
    failed: int
    timed_out: int
    unknown: int
    cancelled: int
    compensated: int
    compensation_failed: int
    misfired: int
    overlap_skipped: int
    excluded: int
    skipped: int = Field(description="Fire times that did not run for any other reason.")
    missed: int = Field(description="Fire times that summary rows stand for.")
    retried: int = Field(description="Attempts beyond the first.")
    average_lateness_ms: int | None
    average_duration_ms: int | None


class HourCounts(RunCounts):
    hour: datetime


class Overview(BaseModel):
    first: datetime = Field(alias="from")
    last: datetime = Field(alias="to")
    total: RunCounts
    hours: list[HourCounts]


class ScheduleStats(Overview):
    schedule_id: str


class RevisionAnswer(BaseModel):
    revision: int
    saved_at: datetime
    saved_by: str
    document: dict[str, Any] = Field(description="The definition as it was saved, with every default.")


class RevisionPage(BaseModel):
    items: list[RevisionAnswer]
    next_cursor: str | None
