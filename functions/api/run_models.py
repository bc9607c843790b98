"""The shapes of runs, their steps and undelivered messages for the API's OpenAPI description."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.models import Strict


class LogLineShown(BaseModel):
    timestamp: int = Field(description="Epoch milliseconds")
    message: str


class RunLogAnswer(BaseModel):
    attempt: int
    dropped: int = Field(description="Lines before these that are not kept")
    lines: list[LogLineShown]


class RunEvent(BaseModel):
    timestamp: int = Field(description="Epoch milliseconds")
    status: str
    message: str
    duration_ms: int | None
    attempt: int


class RunAnswer(BaseModel):
    run_id: str = Field(examples=["nightly-etl@20261122T020000Z"])
    schedule_id: str
    fire_at: datetime
    state: str
    reason: str | None
    origin: str
    attempt: int
    revision: int | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    duration_ms: int | None
    lateness_ms: int | None
    skipped_count: int | None
    retry_of: str | None
    deadline_at: datetime | None
    callback_due_at: datetime | None
    trace_id: str = Field(description="W3C trace id, 32 hex digits, as the log lines have it")
    events: list[RunEvent]


class StepRow(BaseModel):
    run_id: str = Field(examples=["nightly-etl@20261122T020000Z.extract"])
    step: str | None
    item: int | None
    compensation: int | None
    state: str
    reason: str | None
    attempt: int
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    duration_ms: int | None
    output_bytes: int | None
    item_count: int | None
    message: str | None


class GraphStep(BaseModel):
    needs: list[str]
    rule: str
    when: str | None
    for_each: str | None
    has_compensation: bool


class Graph(BaseModel):
    layers: list[list[str]]
    steps: dict[str, GraphStep]


class RunTreeAnswer(RunAnswer):
    steps: list[StepRow]
    graph: Graph | None
    archived: bool = Field(description="Whether its row has expired and it was read from the archive")


class RunCancel(Strict):
    compensate: bool = Field(default=False, description="Whether a workflow's effects are taken back")


class RunSettlement(Strict):
    note: str = Field(max_length=300, examples=["Rows removed by hand, ticket 4711."])


class RunCompletion(Strict):
    output: Any = Field(default=None, description="Any JSON, at most 32 KiB")
    message: str = Field(default="", max_length=400)


class RunFailure(Strict):
    reason: str = Field(default="callback_failed", pattern="^[a-z][a-z0-9_]{0,63}$", examples=["disk_full"])
    message: str = Field(default="", max_length=400)
    retryable: bool = True


class RunOutput(BaseModel):
    output: Any


class RunPage(BaseModel):
    items: list[RunAnswer]
    next_cursor: str | None


class RunStarted(BaseModel):
    run_id: str
    state: Literal["QUEUED"]


class DeadLetter(BaseModel):
    message_id: str
    reason: str
    kept_at: datetime
    body: str
    is_cut: bool
    redriven_at: datetime | None
    redriven_by: str | None


class DeadLetterPage(BaseModel):
    items: list[DeadLetter]
    next_cursor: str | None


class Redriven(BaseModel):
    run_id: str
    attempt: int
