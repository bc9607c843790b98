"""The shapes of previews, backfills and counts for the API's OpenAPI description."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from api.models import Timetable


class PreviewQuestion(Timetable):
    count: int = Field(default=10, ge=1, le=100)
    moment: datetime | None = Field(default=None, alias="from", description="Left out: now.")


class FireTime(BaseModel):
    at: datetime
    local: str = Field(
        description="The wall clock; without an offset where the clocks never show that time.",
        examples=["2027-03-28T03:00:00+02:00"],
    )
    skipped: bool
    note: str | None = Field(description="What changes this fire time, or why it is left out.")


class Preview(BaseModel):
    sentence: str = Field(examples=["At 02:30 every day, Europe/Berlin time."])
    zone: str
    items: list[FireTime]


class Upcoming(Preview):
    state: Literal["active", "paused", "ended", "broken"]
