"""The schedule document of the API, read into domain values: every fault at once, every default filled in.

Shape and defaults stand in docs/api.md. `read_definition` is the only door through which a definition enters.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from carillon.domain.alert_rules import ALERT_FIELDS, read_alerts
from carillon.domain.allow_list import AllowList
from carillon.domain.catch_up import MAX_CATCH_UP
from carillon.domain.job import Job
from carillon.domain.job_definition import read_job
from carillon.domain.lifecycle import LEASE_MARGIN
from carillon.domain.overlap_proof import needs_slot
from carillon.domain.reading import Faults, Section
from carillon.domain.run_id import SCHEDULE_ID
from carillon.domain.schedule import CatchUp, Misfire, Overlap, Policies, TimetableSpec
from carillon.domain.secret_definition import NONE_GIVEN, GivenSecrets, read_secrets
from carillon.domain.targets.kind import AwsAllow, Reach, TargetKind
from carillon.domain.targets.registry import KINDS
from carillon.domain.timetable_definition import TIMETABLE_FIELDS, read_timetable

WORKER_RESERVE_SECONDS: Final = 5
"""What a worker keeps of its timeout for starting, finishing and writing down an attempt."""

MAX_TAGS: Final = 20
MAX_GRACE_SECONDS: Final = 86_400

_FIELDS: Final = (
    "schedule_id", "description", "tags", "sensitive", "timetable", "policies", "job", "alerts",
)  # fmt: skip
_READ_ONLY: Final = (
    "state", "state_reason", "revision", "head_version", "owner", "next_fire_at", "paused_until", "skip_next",
    "runs_left", "created_at", "updated_at",
)  # fmt: skip
_POLICIES: Final = ("overlap", "max_concurrent", "max_queued", "misfire")
_MISFIRE: Final = ("grace_seconds", "catch_up", "max_catch_up")


@dataclass(frozen=True, slots=True)
class Limits:
    """What this stack can keep: the longest attempt, the shortest interval, what jobs may reach, the kinds it has."""

    max_timeout_seconds: float
    minimum_interval_seconds: int = 1
    http_allow: AllowList = field(default_factory=AllowList)
    aws_allow: AwsAllow = field(default_factory=AwsAllow)
    kinds: Mapping[str, TargetKind] = field(default_factory=lambda: KINDS)
    tasks: frozenset[str] | None = None

    @classmethod
    def of_stack(
        cls,
        worker_timeout_seconds: int,
        minimum_interval_seconds: int,
        http_allow: AllowList,
        aws_allow: AwsAllow | None = None,
        kinds: Mapping[str, TargetKind] = KINDS,
        tasks: frozenset[str] | None = None,
    ) -> "Limits":
        """The limits that follow from a stack's parameters."""
        longest = worker_timeout_seconds - WORKER_RESERVE_SECONDS
        return cls(longest, minimum_interval_seconds, http_allow, aws_allow or AwsAllow(), kinds, tasks)

    @property
    def reach(self) -> Reach:
        """What jobs may reach."""
        return Reach(self.http_allow, self.aws_allow, self.tasks)

    @property
    def longest_lease_seconds(self) -> float:
        """How long one attempt can keep its run."""
        return self.max_timeout_seconds + WORKER_RESERVE_SECONDS + LEASE_MARGIN.total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A schedule as its author wants it; `needs_slot` is what follows from it for the overlap policy."""

    schedule_id: str
    description: str
    tags: Mapping[str, str]
    sensitive: bool
    timetable: TimetableSpec
    policies: Policies
    job: Job
    alerts: Mapping[str, object]
    secrets: GivenSecrets = NONE_GIVEN
    needs_slot: bool = True


def read_definition(document: Any, limits: Limits, now: datetime) -> Definition:
    """The definition in a decoded JSON document; InvalidInput with every fault.

    `now` is where the check of the shortest interval begins.
    """
    faults = Faults()
    for name in _READ_ONLY if isinstance(document, Mapping) else ():
        if name in document:
            faults.note(name, "Carillon sets this itself; leave it out.")
    body = Section(document, "", faults, _FIELDS)
    if not body.is_object:
        faults.raise_any("The schedule is not valid.")
    definition = Definition(
        schedule_id=_schedule_id(body),
        description=body.text("description", longest=1000),
        tags=_tags(body),
        sensitive=body.flag("sensitive"),
        timetable=read_timetable(
            body.section("timetable", TIMETABLE_FIELDS), limits.minimum_interval_seconds, now
        ),
        policies=_policies(body.section("policies", _POLICIES)),
        job=read_job(body, limits.max_timeout_seconds, limits.reach, limits.kinds),
        secrets=read_secrets(body.get("job"), faults),
        alerts=read_alerts(body.section("alerts", ALERT_FIELDS)),
    )
    faults.raise_any("The schedule is not valid.")
    needed = needs_slot(
        definition.timetable, definition.policies, definition.job, limits.longest_lease_seconds, now
    )
    return replace(definition, needs_slot=needed)


def _schedule_id(body: Section) -> str:
    schedule_id = body.text("schedule_id", longest=64)
    if not SCHEDULE_ID.fullmatch(schedule_id):
        body.fault(
            "schedule_id",
            "Give an id of 1 to 64 lower-case letters, digits, - and _, such as nightly-etl; "
            "it begins and ends with a letter or digit.",
        )
    return schedule_id


def _tags(body: Section) -> Mapping[str, str]:
    tags = body.get("tags")
    if tags is None:
        return {}
    if not isinstance(tags, Mapping) or len(tags) > MAX_TAGS:
        body.fault("tags", f"The tags must be a JSON object of at most {MAX_TAGS} names and texts.")
        return {}
    for name, value in tags.items():
        if not 1 <= len(name) <= 64 or not isinstance(value, str) or len(value) > 256:
            body.fault(
                f"tags.{ascii(name[:64])[1:-1]}",
                "A tag is a name of up to 64 characters and a text of up to 256.",
            )
    return dict(tags)


def _policies(section: Section) -> Policies:
    default = Policies()
    misfire = section.section("misfire", _MISFIRE)
    overlap = section.choice("overlap", default.overlap)
    unbounded = overlap is Overlap.ALLOW and section.get("max_concurrent") is None
    return Policies(
        overlap=overlap,
        max_concurrent=None if unbounded else section.whole("max_concurrent", 1, 1, 1000),
        max_queued=section.whole("max_queued", default.max_queued, 0, 1000),
        misfire=Misfire(
            grace_seconds=misfire.whole("grace_seconds", default.misfire.grace_seconds, 1, MAX_GRACE_SECONDS),
            catch_up=misfire.choice("catch_up", CatchUp.NONE),
            max_catch_up=misfire.whole("max_catch_up", default.misfire.max_catch_up, 1, MAX_CATCH_UP),
        ),
    )
