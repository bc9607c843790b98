"""The environment of each function, read once into one frozen value: only this module looks at it.

Names are written in template.yaml; a missing or malformed variable stops the cold start and says which. A task
reads its two lists again, in `task_settings`, since it runs in a process of its own.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

Settings = TypeVar("Settings", bound="FromEnvironment")


class SettingsError(RuntimeError):
    """An environment variable is missing or malformed."""


@dataclass(frozen=True, slots=True)
class FromEnvironment:
    """Reads each field from the variable of the same name in capitals."""

    @classmethod
    def from_env(cls: type[Settings], environ: Mapping[str, str] | None = None) -> Settings:
        """The settings of one function; SettingsError names every variable that is missing or wrong."""
        environ = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        faults: list[str] = []
        for field in fields(cls):
            name = field.name.upper()
            try:
                values[field.name] = _read(environ[name], field.type)
            except KeyError:
                faults.append(f"{name} is missing")
            except ValueError:
                faults.append(f"{name} must be a whole number, not {environ[name]!r}")
        if faults:
            raise SettingsError(f"{cls.__name__}: {'; '.join(faults)}")
        return cls(**values)


def _read(text: str, kind: object) -> object:
    if kind is int:
        return int(text)
    if kind == tuple[str, ...]:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return text


@dataclass(frozen=True, slots=True)
class SealingSettings(FromEnvironment):
    """What every function needs that seals, signs or reads what others sealed and signed.

    The first of `data_key_ids` seals, all of them open; a session's certificate holds for `session_seconds`.
    """

    environment: str
    data_key_ids: tuple[str, ...]
    root_key_id: str
    session_seconds: int


@dataclass(frozen=True, slots=True)
class TickSettings(SealingSettings):
    """The tick; Lambda itself tells a function its own name."""

    aws_lambda_function_name: str
    schedules_table: str
    runs_table: str
    guards_table: str
    audit_table: str
    dispatch_queue_url: str
    shards: int
    shards_per_tick: int
    retention_days: int
    alert_window_seconds: int
    powertools_metrics_namespace: str


@dataclass(frozen=True, slots=True)
class WorkerSettings(SealingSettings):
    """The worker."""

    schedules_table: str
    runs_table: str
    guards_table: str
    audit_table: str
    dispatch_queue_url: str
    shards: int
    retention_days: int
    api_url: str
    powertools_metrics_namespace: str
    http_allow: tuple[str, ...]
    target_arns: tuple[str, ...]
    own_arns: tuple[str, ...]
    host_limits: tuple[str, ...]
    otel_exporter_otlp_endpoint: str
    task_buckets: tuple[str, ...]
    task_tables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ApiSettings(SealingSettings):
    """The API."""

    schedules_table: str
    runs_table: str
    access_table: str
    guards_table: str
    audit_table: str
    dispatch_queue_url: str
    token_key_id: str
    data_key_id: str
    shards: int
    retention_days: int
    worker_timeout_seconds: int
    skew_seconds: int
    minimum_interval_seconds: int
    triggers_per_minute: int
    archive_bucket: str
    powertools_metrics_namespace: str
    http_allow: tuple[str, ...]
    target_arns: tuple[str, ...]
    own_arns: tuple[str, ...]
    oidc_issuer: str
    oidc_audience: str
    oidc_role_claim: str
    oidc_roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FollowSettings(SealingSettings):
    """The follower of the Runs stream."""

    schedules_table: str
    runs_table: str
    dispatch_queue_url: str
    shards: int
    retention_days: int
    guards_table: str
    audit_table: str
    skew_seconds: int
    alerts_topic_arn: str
    alert_webhook_url: str
    alert_webhook_key: str
    alert_bus_arn: str
    alert_window_seconds: int
    http_allow: tuple[str, ...]
    measured_schedules: tuple[str, ...]
    powertools_metrics_namespace: str


@dataclass(frozen=True, slots=True)
class CompletionSettings(SealingSettings):
    """What takes in word of ended work."""

    runs_table: str
    guards_table: str
    dispatch_queue_url: str
    shards: int
    retention_days: int


@dataclass(frozen=True, slots=True)
class ArchiveSettings(FromEnvironment):
    """The archiver of the Runs and Audit streams."""

    archive_bucket: str
    audit_lock_days: int
    audit_lock_mode: str


@dataclass(frozen=True, slots=True)
class DeadLetterSettings(SealingSettings):
    """The end of undeliverable messages."""

    schedules_table: str
    runs_table: str
    guards_table: str
    audit_table: str
    dispatch_queue_url: str
    alert_window_seconds: int
    shards: int
    retention_days: int
    powertools_metrics_namespace: str


@dataclass(frozen=True, slots=True)
class OperatorSettings(FromEnvironment):
    """The operator's commands."""

    schedules_table: str
    runs_table: str
    access_table: str
    guards_table: str
    audit_table: str
    environment: str
    shards: int
    archive_bucket: str
    audit_lock_days: int
    audit_lock_mode: str
    root_key_id: str
    data_key_ids: tuple[str, ...]
