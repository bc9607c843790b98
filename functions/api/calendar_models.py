"""The shapes of calendars, and of what pausing, resuming and skipping take, for the OpenAPI description."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.models import Strict
from api.schedule_models import ScheduleSummary


class DateRange(Strict):
    from_: date = Field(alias="from", examples=["2026-12-24"])
    to: date = Field(examples=["2027-01-02"], description="The last day of the range, which is left out too.")


class CalendarDocument(Strict):
    name: str = Field(pattern="^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$", examples=["de-holidays"])
    description: str = Field(default="", max_length=1000)
    zone: str | None = Field(
        default=None,
        max_length=64,
        description="Whose days are meant; left out: those of the schedule's zone.",
    )
    dates: list[date] = Field(default=[], max_length=1000)
    ranges: list[DateRange] = Field(default=[], max_length=200)
    weekdays: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]] = Field(default=[])


class CalendarAnswer(CalendarDocument):
    version: int
    updated_at: datetime


class CalendarPage(BaseModel):
    items: list[CalendarAnswer]
    next_cursor: str | None


class PauseRequest(Strict):
    until: datetime | None = Field(
        default=None, description="When a tick resumes it; left out: never by itself."
    )


class ResumeRequest(Strict):
    catch_up: bool = Field(
        default=False,
        description="Whether fire times inside the pause run, as many as the misfire policy says.",
    )


class SkipRequest(Strict):
    count: int = Field(ge=0, le=1000, description="0 takes back what is not carried out yet.")


class TriggerRequest(Strict):
    payload: Any = Field(
        default=None, description="Any JSON, at most 32 KiB: what expressions of the job see as `payload`."
    )


class SkipAnswer(ScheduleSummary):
    skipped_runs: list[str] = Field(description="Runs that were claimed ahead and have ended SKIPPED.")
