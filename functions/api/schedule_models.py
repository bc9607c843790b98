"""The shapes of schedules for the OpenAPI description. Requests are judged by the domain, in its own sentences."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.models import Strict


class After(Strict):
    schedule_id: str = Field(max_length=64, examples=["nightly-etl"])
    on: Literal["success", "failure", "end"] = "success"


class Timetable(Strict):
    expression: str | None = Field(
        default=None,
        max_length=256,
        description="Needed, unless the schedule runs `after` another one.",
        examples=["30 2 * * *", "rate(5 minutes)", "at(2026-12-01T09:00:00)"],
    )
    zone: str = Field(default="UTC", max_length=64, examples=["Europe/Berlin"])
    gap: Literal["fire", "skip"] = "fire"
    fold: Literal["once", "twice"] = "once"
    anchor: datetime | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    max_runs: int | None = Field(default=None, ge=1, description="After so many runs the schedule ends.")
    jitter_seconds: int = Field(default=0, ge=0, le=3600)
    calendars: list[str] = Field(default=[], max_length=10, examples=[["de-holidays"]])
    also_at: list[datetime] = Field(default=[], max_length=100, description="Extra fire times.")
    after: After | None = None


class Misfire(Strict):
    grace_seconds: int = Field(default=300, ge=1, le=86_400)
    catch_up: Literal["none", "latest", "all"] = "none"
    max_catch_up: int = Field(default=10, ge=1, le=90)


class Policies(Strict):
    overlap: Literal["skip", "allow", "queue", "replace"] = "skip"
    max_concurrent: int | None = Field(
        default=1, ge=1, le=1000, description="Left out: 1, or without bound where overlap is allow."
    )
    max_queued: int = Field(default=10, ge=0, le=1000)
    misfire: Misfire = Field(default_factory=Misfire)


class HttpTarget(Strict):
    kind: Literal["http"]
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] = "POST"
    url: str = Field(examples=["https://api.example.com/jobs"])
    headers: dict[str, str] = Field(default={})
    body: Any = None
    sign_with: str | None = Field(default=None, examples=["${secrets.SIGNING_KEY}"])


class AwsTarget(BaseModel):
    """A function, queue, topic, bus, state machine, container or command; docs/targets.md has each one's fields."""

    model_config = ConfigDict(extra="allow")
    kind: Literal["lambda", "sqs", "sns", "eventbridge", "stepfunctions", "ecs", "ssm"]
    arn: str = Field(examples=["arn:aws:lambda:eu-central-1:123456789012:function:etl-load"])


class PythonTarget(Strict):
    kind: Literal["python"]
    task: str = Field(examples=["delete-old-objects"])
    arguments: dict[str, Any] = Field(default={})


class Retry(Strict):
    max_attempts: int = Field(default=3, ge=1, le=100)
    backoff: Literal["exponential", "fixed"] = "exponential"
    base_seconds: float = Field(default=2, ge=0, le=86_400)
    cap_seconds: float = Field(default=300, ge=0, le=86_400)
    retry_on: list[str] = Field(default=[], max_length=50, examples=[["http_5xx", "timeout"]])
    never_on: list[str] = Field(default=[], max_length=50)
    deadline_seconds: float | None = Field(default=None, ge=1, le=2_592_000)


class ShownSecret(Strict):
    """What an answer shows in place of a secret's value; sent back, it keeps the secret as it is."""

    set: bool
    changed_at: str | None = None
    reason: str | None = None


class Job(Strict):
    target: HttpTarget | PythonTarget | AwsTarget | None = None
    steps: dict[str, Any] | None = Field(
        default=None, description="In place of a target: a workflow (docs/workflows.md)."
    )
    timeout_seconds: float | None = Field(default=60, ge=0.1)
    retry: Retry = Field(default_factory=Retry)
    wait: Literal["callback", "completion"] | None = None
    wait_timeout_seconds: int | None = Field(default=None, ge=1, le=2_592_000)
    heartbeat_seconds: int | None = Field(default=None, ge=60, le=2_592_000)
    secrets: dict[str, str | ShownSecret | None] = Field(
        default={},
        max_length=32,
        description="Written as texts, null takes one away; shown as `set` and `changed_at`, never by value.",
    )
    compensate: dict[str, Any] | None = Field(default=None, description="A task that takes the effect back.")


class Alerts(Strict):
    on: list[Literal["failure", "recovery", "lateness", "duration", "consecutive_failures"]] = Field(
        default=["failure"]
    )
    late_after_seconds: int | None = Field(default=None, ge=1, le=604_800)
    longer_than_seconds: int | None = Field(default=None, ge=1, le=604_800)
    after_failures: int | None = Field(default=None, ge=1, le=100)
    pause_after_failures: bool = False
    to: list[Literal["topic", "webhook", "bus"]] | None = Field(
        default=None, min_length=1, description="Which of the stack's channels are told; all unless given."
    )


class ScheduleDocument(Strict):
    schedule_id: str = Field(pattern="^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$", examples=["nightly-etl"])
    description: str = Field(default="", max_length=1000)
    tags: dict[str, str] = Field(default={}, max_length=20)
    sensitive: bool = Field(
        default=False, description="Whether editing, deleting or running it needs a second factor."
    )
    timetable: Timetable
    policies: Policies = Field(default_factory=Policies)
    job: Job
    alerts: Alerts = Field(default_factory=Alerts)


class Standing(BaseModel):
    state: Literal["active", "paused", "ended", "broken"]
    state_reason: str | None
    revision: int
    head_version: int
    owner: str
    next_fire_at: datetime | None
    paused_until: datetime | None
    skip_next: int
    runs_left: int | None = Field(description="What is left of max_runs.")
    created_at: datetime
    updated_at: datetime


class LastRun(BaseModel):
    run_id: str
    state: str
    ended_at: datetime


class ScheduleAnswer(ScheduleDocument, Standing):
    model_config = ConfigDict(extra="ignore")
    last_run: LastRun | None = Field(default=None, description="With include=stats: the run that ended last.")
    counters: dict[str, int | None] | None = Field(
        default=None, description="With include=stats: counts of the last 24 hours, as in the stats."
    )


class ScheduleSummary(Standing):
    schedule_id: str
    tags: dict[str, str]
    sensitive: bool
    timetable: Timetable
    policies: Policies


class SchedulePage(BaseModel):
    items: list[ScheduleSummary]
    next_cursor: str | None
