"""The composition root: each function's services with their adapters, made once per container.

Imports stand inside the functions, so that each Lambda loads only what it runs.
"""

# ruff: noqa: PLC0415

from functools import cache
from typing import TYPE_CHECKING

from carillon.ports import Log

if TYPE_CHECKING:
    from carillon.services.archive import Archive
    from carillon.services.dead_letter import TakeInDeadLetter
    from carillon.services.follow import Follow


@cache
def wire_follow() -> "tuple[Follow, Log]":
    """What the follower of the Runs stream needs."""
    from carillon.adapters.aws import client
    from carillon.adapters.sns import SnsAlertTopic
    from carillon.log import structured_log
    from carillon.services.follow import Follow
    from carillon.settings import FollowSettings

    settings, log = FollowSettings.from_env(), structured_log()
    topic = SnsAlertTopic(client("sns"), settings.alerts_topic_arn)
    return Follow(topic, log, settings.environment), log


@cache
def wire_archive() -> "Archive":
    """What the archiver of the Runs stream needs."""
    from carillon.adapters.aws import client
    from carillon.adapters.s3 import S3ArchiveBucket
    from carillon.log import structured_log
    from carillon.services.archive import Archive
    from carillon.settings import ArchiveSettings

    settings = ArchiveSettings.from_env()
    return Archive(S3ArchiveBucket(client("s3"), settings.archive_bucket), structured_log())


@cache
def wire_dead_letter() -> "tuple[TakeInDeadLetter, Log]":
    """What the end of undeliverable messages needs."""
    from carillon.adapters.aws import client
    from carillon.adapters.clock import SystemChance, SystemClock
    from carillon.adapters.dynamo.database import Database
    from carillon.adapters.dynamo.guards import DynamoDeadLetters
    from carillon.adapters.dynamo.runs import DynamoRuns
    from carillon.adapters.pace import Pace
    from carillon.adapters.sns import SnsAlertTopic
    from carillon.log import structured_log
    from carillon.services.dead_letter import TakeInDeadLetter
    from carillon.settings import DeadLetterSettings

    settings, log = DeadLetterSettings.from_env(), structured_log()
    clock, chance = SystemClock(), SystemChance()
    database = Database(
        client=client("dynamodb"),
        pace=Pace(clock, chance),
        schedules_table=settings.schedules_table,
        runs_table=settings.runs_table,
        guards_table=settings.guards_table,
        audit_table=settings.audit_table,
        shards=settings.shards,
        retention_days=settings.retention_days,
    )
    take_in = TakeInDeadLetter(
        DynamoRuns(database),
        DynamoDeadLetters(database),
        SnsAlertTopic(client("sns"), settings.alerts_topic_arn),
        clock,
        chance,
        log,
        settings.environment,
    )
    return take_in, log
